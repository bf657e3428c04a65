// GENERATED from mle_ideator_jupyter/wire by `jlpm build:protocol`; do not edit.

export type Message = PanelState | Growing | Trials | Events | RunCell | InsertCells | RemoveCells | Fetched;
export type Command =
  | Hello
  | SetTask
  | GetIdea
  | TryIdea
  | Rescore
  | MarkIdea
  | StartAutopilot
  | Control
  | UndoTrial
  | KeepTrial
  | Decide
  | Choose
  | Fetch
  | Placed
  | Ran
  | Changed
  | Answers;

/**
 * All that the panel draws but for the trials, which come as `Trials`.
 *
 * `empty` says that the kernel holds no data; `error` is one line that says what to do; `notes` are lines to know.
 */
export interface PanelState {
  type: 'state';
  wire: number;
  version: string;
  notebook_id: string;
  journal: string;
  activity: 'approval' | 'idle' | 'looking' | 'paused' | 'running' | 'stopping' | 'thinking';
  message: string;
  error: string;
  notes: string[];
  empty: boolean;
  task: TaskView | null;
  frames: FrameView[];
  functions: string[];
  metrics: string[];
  watch: string;
  baseline: number | null;
  best: BestView | null;
  improved: number;
  trials: number;
  imported: number;
  ideas: IdeaView[];
  run: RunView | null;
  approval: ApprovalView | null;
  approval_mode: 'autopilot' | 'cell' | 'trial';
  agents: AgentsView | null;
  estimators: string[];
  brief_level: 'brief' | 'full' | 'standard';
  brief_parts: string[];
  brief_without: string[];
  brief_tokens: number;
  brief_sent: number;
  inserts: boolean;
  run_in_cell: string;
}
/**
 * The notebook's task. `line` is what the panel shows; `confirmed` says whether the user chose it.
 */
export interface TaskView {
  line: string;
  train: string;
  test: string;
  target: string;
  metric: string;
  goal: 'maximize' | 'minimize';
  problem: string;
  protocol: string;
  description: string;
  confirmed: boolean;
}
/**
 * Data in the kernel that a task could be made of. `columns` are at most 2,000.
 */
export interface FrameView {
  expression: string;
  rows: number;
  columns: string[];
}
/**
 * The best trial. `delta` is its improvement over the baseline.
 */
export interface BestView {
  trial: string;
  number: number;
  value: number;
  delta: number | null;
}
/**
 * An idea as a card. `vote` is -1, 0 or 1; `trial` is the number of the latest trial that took it up.
 */
export interface IdeaView {
  id: string;
  kind: string;
  title: string;
  rationale: string;
  ideator: string;
  trigger: string;
  steps: string[];
  evidence: string[];
  vote: number;
  dismissed: boolean;
  trial: number | null;
  number: number;
}
/**
 * An autopilot run under way. What is None has no limit. `percent` is how far the budget is spent.
 */
export interface RunView {
  steps_done: number;
  percent: number;
  steps: number | null;
  seconds_left: number | null;
  cost_left: number | null;
  paused: boolean;
  reason: string;
}
/**
 * A cell that waits for the user's yes. `action` names what would happen.
 *
 * `touches` are the user's own variables that it would change in place, as far as its code shows: name, line, code.
 */
export interface ApprovalView {
  request: string;
  trial: string;
  number: number;
  title: string;
  action: string;
  source: string;
  touches: string[];
}
/**
 * Who proposes and who implements, and who else could.
 */
export interface AgentsView {
  ideator: string;
  implementer: string;
  ideators: string[];
  implementers: string[];
}
/**
 * What an Ideator has answered so far, as text to be read; empty once it has answered.
 */
export interface Growing {
  type: 'growing';
  text: string;
}
/**
 * Rows that are new or have changed; with `all`, they are all there are.
 */
export interface Trials {
  type: 'trials';
  rows: TrialView[];
  all: boolean;
}
/**
 * A trial as a row and a dot.
 *
 * `delta` is the improvement over the baseline, positive when better; `series` names what its score compares with
 * (the task's own series is empty). `cells` are the ids of its cells in the notebook; `omitted` says what of its idea
 * was not done; `best` marks the best so far when it was made.
 */
export interface TrialView {
  id: string;
  number: number;
  title: string;
  status: 'failed' | 'running' | 'scored';
  kind: string;
  value: number | null;
  delta: number | null;
  best: boolean;
  series: string;
  message: string;
  seconds: number;
  parent: number | null;
  idea: string | null;
  cells: string[];
  changed: string[];
  omitted: string[];
  kept: boolean;
  undone: boolean;
  imported: boolean;
  time: number;
}
/**
 * Journal lines for the notebook's metadata. The front end keeps them as they are and adds none of its own.
 */
export interface Events {
  type: 'events';
  lines: string[];
  all: boolean;
}
/**
 * Insert this cell after cell `after` (or at the end) of the notebook that the comm belongs to, and run it.
 *
 * `fold` has its code folded away once it has run. Where `replaces` still stands as it was, the cell takes its place.
 */
export interface RunCell {
  type: 'run_cell';
  request: string;
  cell: NewCell;
  after: string;
  fold: boolean;
  replaces: PlacedCell | null;
}
/**
 * A cell to insert. `trial` and `number` mark it as belonging to a trial.
 */
export interface NewCell {
  source: string;
  title: string;
  markdown: boolean;
  trial: string;
  number: number | null;
}
/**
 * A cell of ours in the notebook. `digest` is the SHA-256 of the source we gave it: another one was edited.
 */
export interface PlacedCell {
  cell: string;
  digest: string;
}
/**
 * Insert these cells, in one undo step; run none.
 */
export interface InsertCells {
  type: 'insert_cells';
  request: string;
  cells: NewCell[];
  after: string;
}
/**
 * Remove these cells in one undo step, but none whose source is not ours any more.
 */
export interface RemoveCells {
  type: 'remove_cells';
  request: string;
  cells: PlacedCell[];
}
/**
 * The answer to `Fetch`; `error` says why there is none.
 */
export interface Fetched {
  type: 'fetched';
  request: string;
  text: string;
  error: string;
}
/**
 * A page opened the notebook.
 *
 * `events` are the metadata's; `sources` are the code cells'. `page` stays the same when the page is reloaded;
 * `client` is under what name it sends the notebook's cells, where that is another than for its words to us.
 */
export interface Hello {
  type: 'hello';
  wire: number;
  path?: string;
  notebook_id?: string;
  events?: string[];
  sources?: string[];
  page?: string;
  client?: string;
}
/**
 * What is to be solved; what is empty is found. `goal` is needed for a metric that is not built in.
 */
export interface SetTask {
  type: 'set_task';
  train?: string;
  test?: string;
  target?: string;
  metric?: string;
  goal?: '' | 'maximize' | 'minimize';
  description?: string;
}
/**
 * Propose `n` ideas of these kinds (none: of any).
 */
export interface GetIdea {
  type: 'get_idea';
  hint?: string;
  kinds?: string[];
  n?: number;
}
/**
 * Implement this idea in cells after cell `after`.
 */
export interface TryIdea {
  type: 'try_idea';
  idea: string;
  after?: string;
}
/**
 * Score this estimator of the kernel under the task's splitter, in a cell after cell `after`.
 */
export interface Rescore {
  type: 'rescore';
  estimator: string;
  after?: string;
}
/**
 * Vote on an idea (-1, 0, 1), or dismiss it; None leaves it as it is.
 */
export interface MarkIdea {
  type: 'mark_idea';
  idea: string;
  vote?: number | null;
  dismissed?: boolean | null;
}
/**
 * Try idea after idea within a budget; money in US dollars.
 */
export interface StartAutopilot {
  type: 'start_autopilot';
  steps?: number | null;
  minutes?: number | null;
  cost?: number | null;
  after?: string;
}
/**
 * Pause, resume or stop what runs; look at the kernel again; trust imported events.
 *
 * `unload` frees the memory of a language model on this machine.
 */
export interface Control {
  type: 'control';
  what: 'look' | 'pause' | 'resume' | 'stop' | 'trust' | 'unload';
}
/**
 * Remove a trial's cells; its row stays.
 */
export interface UndoTrial {
  type: 'undo_trial';
  trial: string;
}
/**
 * Put a trial's solution into the notebook as ordinary cells.
 */
export interface KeepTrial {
  type: 'keep_trial';
  trial: string;
  after?: string;
}
/**
 * Answer an approval: run it or not; with `rest`, the further cells of this trial too.
 */
export interface Decide {
  type: 'decide';
  request: string;
  yes: boolean;
  rest?: boolean;
}
/**
 * Change a choice of the session; None leaves it as it is. `watch` is an expression, empty for none.
 *
 * `brief_level` is how much agents are told, `brief_without` which parts they are not.
 */
export interface Choose {
  type: 'choose';
  approval_mode?: ('autopilot' | 'cell' | 'trial') | null;
  ideator?: string | null;
  implementer?: string | null;
  watch?: string | null;
  brief_level?: ('brief' | 'full' | 'standard') | null;
  brief_without?: string[] | null;
}
/**
 * Ask for bulk.
 *
 * The Brief as it would be sent or was last sent, a trial's source, its diff against the best or its solution as
 * ordinary code, or the whole history as a file's text.
 */
export interface Fetch {
  type: 'fetch';
  request: string;
  what: 'brief' | 'brief_sent' | 'csv' | 'diff' | 'json' | 'solution' | 'source';
  trial?: string;
}
/**
 * A `RunCell` has been inserted, as this cell, and is about to run.
 */
export interface Placed {
  type: 'placed';
  request: string;
  cell: string;
}
/**
 * The answer to `RunCell`.
 *
 * `cell` is the id it got; `how` says whether it ran (`ran`), was changed or gone before it could (`edited`,
 * `missing`), or could not be inserted (`refused`). `outputs` are nbformat outputs.
 */
export interface Ran {
  type: 'ran';
  request: string;
  how: 'edited' | 'missing' | 'ran' | 'refused';
  cell?: string;
  outputs?: {
    [k: string]: unknown;
  }[];
  message?: string;
}
/**
 * The answer to `InsertCells` and `RemoveCells`: the cells inserted or removed, and those left because edited.
 */
export interface Changed {
  type: 'changed';
  request: string;
  cells?: string[];
  left?: string[];
  message?: string;
}
/**
 * What a page answered within a moment, in its order: JupyterLab takes milliseconds for each message.
 */
export interface Answers {
  type: 'answers';
  answers: (Placed | Ran | Changed)[];
}

export type ApprovalMode = PanelState['approval_mode'];
export type Activity = PanelState['activity'];

/** Both ends say it first. */
export const WIRE = 1;
/** The comm target's name. */
export const TARGET = 'mle_ideator';
/** The version of this package. */
export const VERSION = '0.1.0';
