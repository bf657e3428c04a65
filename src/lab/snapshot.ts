/**
 * What a notebook's metadata say of a panel's state, read with care: anybody may have written it. Each field is taken
 * where it is of its kind, and empty otherwise, so that the panel can draw whatever came of it.
 */

import type { IdeaView, PanelState, TrialView } from '../protocol';

type Read<T> = (value: unknown) => T;

/** Characters of one text. */
const TEXT = 4000;
/** Entries of one list. */
const ENTRIES = 500;

export interface Snapshot {
  state: PanelState;
  trials: TrialView[];
}

const text: Read<string> = value => (typeof value === 'string' ? value.slice(0, TEXT) : '');
const number: Read<number> = value => (typeof value === 'number' && Number.isFinite(value) ? value : 0);
const flag: Read<boolean> = value => value === true;
const nothing: Read<null> = () => null;
const maybe =
  <T>(read: Read<T>): Read<T | null> =>
  value =>
    value === null || value === undefined ? null : read(value);
const list =
  <T>(read: Read<T>): Read<T[]> =>
  value =>
    Array.isArray(value) ? value.slice(0, ENTRIES).map(read) : [];
const none: Read<never[]> = () => [];
const one =
  <T extends string>(first: T, ...others: T[]): Read<T> =>
  value =>
    others.find(other => other === value) ?? first;
const shape =
  <T extends object>(fields: { [K in keyof T]: Read<T[K]> }): Read<T> =>
  value => {
    const held = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
    const read = Object.entries<Read<unknown>>(fields).map(([name, field]) => [name, field(held[name])]);
    return Object.fromEntries(read) as T;
  };

const trial = shape<TrialView>({
  id: text,
  number,
  title: text,
  status: one('failed', 'scored'),
  kind: text,
  value: maybe(number),
  delta: maybe(number),
  best: flag,
  series: text,
  message: text,
  seconds: number,
  parent: maybe(number),
  idea: maybe(text),
  cells: list(text),
  changed: list(text),
  omitted: list(text),
  kept: flag,
  undone: flag,
  imported: flag,
  time: number
});

/** An idea as a card, out of anything. */
export const idea = shape<IdeaView>({
  id: text,
  kind: text,
  title: text,
  rationale: text,
  ideator: text,
  trigger: text,
  steps: list(text),
  evidence: list(text),
  vote: number,
  dismissed: flag,
  trial: maybe(number),
  number
});

/** Reads a state at rest: what was running, was asked or was said at the time is not a part of it. */
export const atRest = shape<PanelState>({
  type: () => 'state',
  wire: number,
  version: text,
  notebook_id: text,
  journal: text,
  activity: () => 'idle',
  message: () => '',
  error: () => '',
  notes: none,
  empty: () => false,
  task: maybe(
    shape({
      line: text,
      train: text,
      test: text,
      target: text,
      metric: text,
      goal: one('maximize', 'minimize'),
      problem: text,
      protocol: text,
      description: text,
      confirmed: flag
    })
  ),
  frames: none,
  metrics: none,
  functions: none,
  watch: text,
  baseline: maybe(number),
  best: maybe(shape({ trial: text, number, value: number, delta: maybe(number) })),
  improved: number,
  trials: number,
  imported: number,
  ideas: list(idea),
  run: nothing,
  approval: nothing,
  approval_mode: () => 'cell',
  agents: nothing,
  estimators: none,
  brief_level: () => 'standard',
  brief_parts: none,
  brief_without: none,
  brief_tokens: () => 0,
  brief_sent: () => 0,
  inserts: () => true,
  run_in_cell: () => ''
});

/** Reads a snapshot; null where there is none. */
export function readSnapshot(value: unknown): Snapshot | null {
  if (typeof value !== 'object' || value === null) {
    return null;
  }
  const { state, trials } = value as Record<string, unknown>;
  const rows = list(trial)(trials).filter(row => row.id);
  return { state: atRest(state), trials: [...new Map(rows.map(row => [row.id, row])).values()] };
}
