/** The panel's front end for one notebook of JupyterLab. */

import { Clipboard } from '@jupyterlab/apputils';
import type { INotebookCellExecutor, NotebookPanel } from '@jupyterlab/notebook';
import { NotebookActions } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal, type ISignal } from '@lumino/signaling';
import type { IPanelHost, LinkState, PanelActions } from '../panel';
import { mergeTrials } from '../panel/merging';
import { VERSION, WIRE, type Command, type Fetch, type Message, type PanelState, type TrialView } from '../protocol';
import { CellRunner } from './cellRunner';
import type { Others } from './comms';
import { KernelLink } from './kernelLink';
import { Mirror } from './mirror';
import { atRest } from './snapshot';

/** What is installed into a kernel that lacks it, unless the settings say otherwise. */
export const PACKAGE = `"mle_ideator_jupyter[recipe]==${VERSION}"`;

/** This browser tab, the same after a reload; a tab that was duplicated is told apart by its time. */
const PAGE = (() => {
  const held = sessionStorage.getItem('mle-ideator-page');
  const reloaded = performance.getEntriesByType('navigation').some(entry => 'type' in entry && entry.type === 'reload');
  const page = held && reloaded ? held : `${Date.now().toString(36)}${Math.random().toString(36).slice(2)}`;
  sessionStorage.setItem('mle-ideator-page', page);
  return page;
})();

/** The names of the notebooks' views in this page: those of one notebook are told apart, and keep their names. */
const views = new Set<string>();

interface Waiting {
  resolve(text: string): void;
  reject(error: Error): void;
}

export class NotebookHost implements IPanelHost {
  readonly actions: PanelActions;
  state: PanelState | null = null;
  growing = '';
  trials: readonly TrialView[] = [];
  stale = true;
  readonly mirror: Mirror;

  constructor(
    readonly panel: NotebookPanel,
    executor: INotebookCellExecutor | null,
    private readonly trans: TranslationBundle,
    openSettings?: () => void,
    others?: Others
  ) {
    const t = this.t.bind(this);
    this.mirror = new Mirror(() => panel.model);
    this._link = new KernelLink(panel.sessionContext, () => this.hello(), t, others);
    this._runner = new CellRunner(panel, executor, command => this.send(command), t);
    this._link.changed.connect(() => this.onLink());
    this._link.received.connect((_, message) => this.receive(message));
    this.actions = {
      insertNote: markdown => this._runner.note(markdown, this.anchor()),
      scrollToCells: ids => this._runner.scrollTo(ids),
      copy: text => Clipboard.copyToSystem(text),
      download,
      installPackage: () => this.install(),
      installFrom: PACKAGE,
      runNotebook: () => void this.runNotebook(),
      openSettings
    };
    panel.context.pathChanged.connect(() => this._link.greet());
    void panel.context.ready.then(() => this.readSnapshot());
    panel.disposed.connect(() => this.dispose());
  }

  get link(): LinkState {
    return this._link.link;
  }

  get title(): string {
    return this.panel.title.label;
  }

  /** Emits after every change. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  onChange(callback: () => void): () => void {
    this._changed.connect(callback);
    return () => this._changed.disconnect(callback);
  }

  /** Connects to the kernel now, and again by itself whenever there is a new one. */
  connect(): void {
    this._link.wanted = true;
    void this._link.connect();
  }

  send(command: Command): void {
    void this._link.send(command);
  }

  fetch(what: Fetch['what'], trial = ''): Promise<string> {
    const request = `${this.panel.id}-${++this._asked}`;
    return new Promise((resolve, reject) => {
      this._waiting.set(request, { resolve, reject });
      void this._link.send({ type: 'fetch', request, what, trial }).then(sent => {
        if (!sent) {
          this.forget();
        }
      });
    });
  }

  t(text: string, ...values: (string | number)[]): string {
    return this.trans.__(text, ...values.map(String));
  }

  anchor(): string {
    return this.panel.content.activeCell?.model.id ?? '';
  }

  dispose(): void {
    views.delete(this._page);
    this.mirror.dispose();
    this._link.dispose();
    this.forget();
    Signal.clearData(this);
  }

  /** Says that no answer will come to what was asked for. */
  private forget(): void {
    this._waiting.forEach(one => one.reject(new Error(this.t('the kernel is gone'))));
    this._waiting.clear();
  }

  private hello(): Command {
    const held = this.mirror.read();
    const sources = [...(this.panel.model?.sharedModel.cells ?? [])]
      .filter(cell => cell.cell_type === 'code')
      .map(cell => cell.getSource());
    return {
      type: 'hello',
      wire: WIRE,
      path: this.panel.context.localPath,
      notebook_id: held.notebook_id,
      events: held.events,
      sources,
      page: this.page(),
      client: this.panel.sessionContext.session?.kernel?.clientId ?? ''
    };
  }

  /** Returns this view's name, the same after a reload; a rename gives it another. */
  private page(): string {
    const name = `${PAGE}/${this.panel.context.path}`;
    if (this._page.replace(/#\d+$/, '') !== name) {
      views.delete(this._page);
      let number = 1;
      while (views.has(`${name}#${number}`)) {
        number++;
      }
      this._page = `${name}#${number}`;
      views.add(this._page);
    }
    return this._page;
  }

  private receive(message: Message): void {
    switch (message.type) {
      case 'state':
        this.state = message;
        this.stale = false;
        break;
      case 'growing':
        this.growing = message.text;
        this._changed.emit();
        return;
      case 'trials':
        this.trials = mergeTrials(this.trials, message);
        break;
      case 'events':
        this.mirror.take(message);
        return;
      case 'run_cell':
        void this._runner.run(message);
        return;
      case 'insert_cells':
        this._runner.insert(message);
        return;
      case 'remove_cells':
        this._runner.remove(message);
        return;
      case 'fetched': {
        const one = this._waiting.get(message.request);
        this._waiting.delete(message.request);
        if (message.error) {
          one?.reject(new Error(message.error));
        } else {
          one?.resolve(message.text);
        }
        return;
      }
      default:
        return;
    }
    if (this.state && !this.stale) {
      this.mirror.show(this.state, this.trials);
    }
    this._changed.emit();
  }

  /** Shows what the notebook holds; one that has a history may have a run under way, which waits for its page. */
  private readSnapshot(): void {
    const { snapshot, notebook_id } = this.mirror.read();
    if (snapshot && this.stale) {
      this.state = snapshot.state;
      this.trials = snapshot.trials;
    }
    this._changed.emit();
    if (notebook_id) {
      this.connect();
    }
  }

  private onLink(): void {
    const { kind } = this.link;
    if (kind !== 'ready') {
      this.forget();
      this.state = this.state && atRest(this.state);
      this.growing = '';
      this.stale ||= kind !== 'connecting';
    }
    this._changed.emit();
  }

  /** Has the kernel install our package in a cell, where everybody sees what it does. */
  private install(): void {
    const source = `%pip install ${this.actions.installFrom}`;
    void this._runner.tryOut(source, this.anchor()).then(() => this.connect());
  }

  private async runNotebook(): Promise<void> {
    await NotebookActions.runAll(this.panel.content, this.panel.sessionContext);
    this.send({ type: 'control', what: 'look' });
  }

  private readonly _link: KernelLink;
  private readonly _runner: CellRunner;
  private readonly _waiting = new Map<string, Waiting>();
  private readonly _changed = new Signal<this, void>(this);
  private _asked = 0;
  private _page = '';
}

/** Has the browser save a text as a file. */
function download(name: string, text: string, mime: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: mime }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 0);
}
