/** The notebook's own copy of its history: journal lines and a snapshot, in `metadata.mle_ideator`. */

import type { INotebookModel } from '@jupyterlab/notebook';
import type { Events, PanelState, TrialView } from '../protocol';

const KEY = 'mle_ideator';
/** Characters of lines kept; the oldest go first, from this copy only. */
const CAP = 2_000_000;
/** Trials kept for a look without a kernel. */
const ROWS = 500;

export interface Mirrored {
  notebook_id: string;
  events: string[];
  snapshot: { state: PanelState; trials: TrialView[] } | null;
}

/** Returns what the metadata hold; anything of another shape is taken as not there. */
export function readMirror(model: INotebookModel | null): Mirrored {
  const held = model?.getMetadata(KEY) as Partial<Mirrored> | undefined;
  const lines = Array.isArray(held?.events) ? held.events.filter(line => typeof line === 'string') : [];
  return {
    notebook_id: typeof held?.notebook_id === 'string' ? held.notebook_id : '',
    events: lines,
    snapshot: readSnapshot(held?.snapshot)
  };
}

function readSnapshot(held: unknown): Mirrored['snapshot'] {
  const { state, trials } = (held ?? {}) as { state?: PanelState; trials?: TrialView[] };
  const whole = state && Array.isArray(state.ideas) && Array.isArray(state.frames) && Array.isArray(state.notes);
  const rows =
    Array.isArray(trials) && trials.every(row => row && typeof row.id === 'string' && Array.isArray(row.cells));
  return whole && rows ? { state, trials } : null;
}

/** Adds the journal's lines to those the metadata hold. */
export function mirrorEvents(model: INotebookModel | null, message: Events): void {
  if (!model || model.readOnly) {
    return;
  }
  const held = readMirror(model);
  const known = new Set(held.events);
  const fresh = message.lines.filter(line => !known.has(line));
  if (fresh.length > 0) {
    write(model, { ...held, events: capped([...held.events, ...fresh]) });
  }
}

/** Keeps what the panel shows, for a look without a kernel. */
export function mirrorSnapshot(model: INotebookModel | null, state: PanelState, trials: readonly TrialView[]): void {
  if (!model || model.readOnly || state.trials + state.ideas.length === 0) {
    return;
  }
  const held = readMirror(model);
  const still: PanelState = {
    ...state,
    activity: 'idle',
    message: '',
    error: '',
    notes: [],
    frames: [],
    run: null,
    approval: null
  };
  write(model, {
    ...held,
    notebook_id: state.notebook_id,
    snapshot: { state: still, trials: trials.filter(row => row.status !== 'running').slice(-ROWS) }
  });
}

function write(model: INotebookModel, mirrored: Mirrored): void {
  if (JSON.stringify(readMirror(model)) !== JSON.stringify(mirrored)) {
    model.setMetadata(KEY, mirrored as never);
  }
}

function capped(lines: string[]): string[] {
  let size = 0;
  let first = lines.length;
  while (first > 0 && (size += lines[first - 1].length) <= CAP) {
    first--;
  }
  return lines.slice(first);
}
