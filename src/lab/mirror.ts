/** The notebook's own copy of its history: journal lines and a snapshot, in `metadata.mle_ideator`. */

import type { INotebookModel } from '@jupyterlab/notebook';
import type { Events, PanelState, TrialView } from '../protocol';
import { atRest, readSnapshot, type Snapshot } from './snapshot';

const KEY = 'mle_ideator';
/** Characters of lines kept; the oldest go first, from this copy only. */
const CAP = 2_000_000;
/** Trials kept for a look without a kernel. */
const ROWS = 500;
/** Milliseconds in which changes are gathered before the notebook is marked as changed. */
const SETTLED = 1000;

/** What of a notebook's model is used here. */
export type MirrorModel = Pick<INotebookModel, 'getMetadata' | 'setMetadata' | 'readOnly'>;

export interface Mirrored {
  notebook_id: string;
  events: string[];
  snapshot: Snapshot | null;
}

export class Mirror {
  /** Whether the copy is kept up to date. */
  on = true;

  constructor(private readonly model: () => MirrorModel | null) {}

  /** Returns what the metadata hold; anything of another shape is taken as not there. */
  read(): Mirrored {
    const { notebook_id: id, events, snapshot } = this.held();
    const lines = Array.isArray(events) ? events.filter((line): line is string => typeof line === 'string') : [];
    return {
      notebook_id: typeof id === 'string' ? id : '',
      events: capped(lines),
      snapshot: readSnapshot(snapshot)
    };
  }

  /** Takes the journal's lines. */
  take({ lines, all }: Events): void {
    this._lines = all ? [...lines] : [...this._lines, ...lines];
    this.settle();
  }

  /** Takes what the panel shows. */
  show(state: PanelState, trials: readonly TrialView[]): void {
    this._shown = { state, trials };
    this.settle();
  }

  dispose(): void {
    clearTimeout(this._settling);
  }

  private settle(): void {
    this._settling ??= setTimeout(() => {
      this._settling = undefined;
      this.write();
    }, SETTLED);
  }

  private write(): void {
    const model = this.model();
    if (!this.on || !this._shown || !model || model.readOnly) {
      return;
    }
    const { state, trials } = this._shown;
    if (state.trials + state.ideas.length === 0) {
      return; // a notebook that was only opened stays as it is
    }
    const next = {
      ...this.held(),
      notebook_id: state.notebook_id,
      events: capped([...new Set(this._lines)]),
      snapshot: { state: atRest(state), trials: trials.filter(row => row.status !== 'running').slice(-ROWS) }
    };
    const written = JSON.stringify(next);
    if (written !== JSON.stringify(this.held())) {
      model.setMetadata(KEY, next);
    }
  }

  private held(): Record<string, unknown> {
    const held: unknown = this.model()?.getMetadata(KEY);
    return typeof held === 'object' && held !== null && !Array.isArray(held) ? { ...held } : {};
  }

  private _lines: string[] = [];
  private _shown: { state: PanelState; trials: readonly TrialView[] } | null = null;
  private _settling: ReturnType<typeof setTimeout> | undefined;
}

/** Returns the newest lines that fit. */
function capped(lines: string[]): string[] {
  let size = 0;
  let first = lines.length;
  while (first > 0 && (size += lines[first - 1].length) <= CAP) {
    first--;
  }
  return lines.slice(first);
}
