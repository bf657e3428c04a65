/** A front end without a kernel, for tests: it remembers what was sent and answers with what it was given. */

import type { Command, Fetch, IdeaView, PanelState, TaskView, TrialView } from '../../protocol';
import type { IPanelHost, LinkState, PanelActions } from '../host';

/** Returns a task; fields given replace the usual ones. */
export function task(change: Partial<TaskView> = {}): TaskView {
  return {
    line: 'train + test → price · rmsle ↓ · kfold-5-seed0',
    train: 'train',
    test: 'test',
    target: 'price',
    metric: 'rmsle',
    goal: 'minimize',
    problem: 'regression',
    protocol: 'kfold-5-seed0',
    description: '',
    confirmed: true,
    ...change
  };
}

/** Returns the state of a session that has just begun. */
export function panelState(change: Partial<PanelState> = {}): PanelState {
  return {
    type: 'state',
    wire: 1,
    version: '0.1.0',
    notebook_id: 'n1',
    journal: 'houses.ideas.jsonl',
    activity: 'idle',
    message: '',
    error: '',
    notes: [],
    empty: false,
    task: task(),
    frames: [
      { expression: 'train', rows: 1460, columns: ['area', 'rooms', 'price'] },
      { expression: 'test', rows: 1459, columns: ['area', 'rooms'] }
    ],
    metrics: ['rmse', 'rmsle', 'accuracy'],
    functions: [],
    watch: '',
    baseline: null,
    best: null,
    improved: 0,
    trials: 0,
    imported: 0,
    ideas: [],
    run: null,
    approval: null,
    approval_mode: 'cell',
    agents: {
      ideator: 'playbook',
      implementer: 'recipe',
      ideators: ['playbook', 'local'],
      implementers: ['recipe', 'llm']
    },
    brief_tokens: 0,
    brief_sent: 0,
    brief_level: 'standard',
    brief_parts: ['profile', 'gpus'],
    brief_without: [],
    estimators: [],
    inserts: true,
    run_in_cell: '',
    ...change
  };
}

/** Returns an idea. */
export function idea(change: Partial<IdeaView> = {}): IdeaView {
  return {
    id: 'i1',
    kind: 'feature_engineering',
    title: 'Model log(price), not price',
    rationale: 'The metric compares logarithms, and errors grow with the price.',
    ideator: 'playbook',
    trigger: 'human',
    steps: ['Take log1p of the target before fitting', 'Take expm1 of the predictions'],
    evidence: ['price is skewed: 1.72'],
    vote: 0,
    dismissed: false,
    trial: null,
    number: 1,
    ...change
  };
}

/** Returns a scored trial. */
export function trial(number: number, value: number | null, change: Partial<TrialView> = {}): TrialView {
  return {
    id: `t${number}`,
    number,
    title: `Trial number ${number}`,
    status: value === null ? 'failed' : 'scored',
    kind: 'feature_engineering',
    value,
    delta: null,
    best: false,
    series: '',
    message: '',
    seconds: 4.2,
    parent: null,
    idea: null,
    cells: [`c${number}`],
    changed: [],
    omitted: [],
    kept: false,
    undone: false,
    imported: false,
    time: 1_700_000_000 + number,
    ...change
  };
}

/** The front end itself; change it through `set`. */
export class FakeHost implements IPanelHost {
  link: LinkState = { kind: 'ready' };
  title = 'houses.ipynb';
  state: PanelState | null = null;
  growing = '';
  trials: readonly TrialView[] = [];
  stale = false;
  readonly sent: Command[] = [];
  readonly calls: unknown[][] = [];
  answers: Partial<Record<Fetch['what'], string | Error>> = {};
  actions: PanelActions = {
    insertNote: markdown => this.calls.push(['insertNote', markdown]),
    scrollToCells: ids => this.calls.push(['scrollToCells', ...ids]),
    copy: text => this.calls.push(['copy', text]),
    download: (name, text, mime) => this.calls.push(['download', name, text, mime]),
    installPackage: () => this.calls.push(['installPackage']),
    installFrom: 'mle_ideator_jupyter==0.1.0',
    runNotebook: () => this.calls.push(['runNotebook']),
    openSettings: () => this.calls.push(['openSettings'])
  };
  private readonly callbacks = new Set<() => void>();

  constructor(change: Partial<FakeHost> = {}) {
    Object.assign(this, change);
  }

  /** Changes what is held and says so. */
  set(change: Partial<Pick<FakeHost, 'link' | 'title' | 'state' | 'growing' | 'trials' | 'stale'>>): void {
    Object.assign(this, change);
    this.callbacks.forEach(callback => callback());
  }

  onChange(callback: () => void): () => void {
    this.callbacks.add(callback);
    return () => this.callbacks.delete(callback);
  }

  send(command: Command): void {
    this.sent.push(command);
  }

  fetch(what: Fetch['what'], trialId?: string): Promise<string> {
    this.calls.push(['fetch', what, trialId]);
    const answer = this.answers[what] ?? `${what} ${trialId ?? ''}`.trim();
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  }

  t(text: string, ...values: (string | number)[]): string {
    return text.replace(/%(\d)/g, (_, place: string) => String(values[Number(place) - 1] ?? ''));
  }

  anchor(): string {
    return 'cell-7';
  }
}
