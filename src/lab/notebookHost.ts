/** The panel's front end for one notebook of JupyterLab. */

import { Clipboard } from '@jupyterlab/apputils';
import type { INotebookCellExecutor, NotebookPanel } from '@jupyterlab/notebook';
import { NotebookActions } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal, type ISignal } from '@lumino/signaling';
import type { IPanelHost, LinkState, PanelActions } from '../panel';
import { mergeTrials } from '../panel/merging';
import { WIRE, type Command, type Fetch, type Message, type PanelState, type TrialView } from '../protocol';
import { CellRunner } from './cellRunner';
import { KernelLink } from './kernelLink';
import { mirrorEvents, mirrorSnapshot, readMirror } from './mirror';

const PACKAGE = 'mle_ideator_jupyter[recipe]';
/** Milliseconds after which what the panel shows is written to the metadata. */
const SETTLED = 1000;

/** This browser tab, the same after a reload; a tab that was duplicated is told apart by its time. */
const PAGE = (() => {
  const held = sessionStorage.getItem('mle-ideator-page');
  const reloaded = performance.getEntriesByType('navigation').some(entry => 'type' in entry && entry.type === 'reload');
  const page = held && reloaded ? held : `${Date.now().toString(36)}${Math.random().toString(36).slice(2)}`;
  sessionStorage.setItem('mle-ideator-page', page);
  return page;
})();

interface Waiting {
  resolve(text: string): void;
  reject(error: Error): void;
}

export class NotebookHost implements IPanelHost {
  readonly actions: PanelActions;
  state: PanelState | null = null;
  trials: readonly TrialView[] = [];
  stale = true;
  /** Whether the history is mirrored into the notebook's metadata. */
  mirrors = true;

  constructor(
    readonly panel: NotebookPanel,
    executor: INotebookCellExecutor | null,
    private readonly trans: TranslationBundle,
    openSettings?: () => void
  ) {
    this._link = new KernelLink(panel.sessionContext, () => this.hello());
    this._runner = new CellRunner(panel, executor, command => this.send(command));
    this._link.changed.connect(() => this.onLink());
    this._link.received.connect((_, message) => this.receive(message));
    this.actions = {
      insertNote: markdown => this._runner.note(markdown, this.anchor()),
      scrollToCells: ids => this._runner.scrollTo(ids),
      copy: text => Clipboard.copyToSystem(text),
      download,
      installPackage: () => void this.install(),
      installFrom: PACKAGE,
      runNotebook: () => void this.runNotebook(),
      openSettings
    };
    void panel.context.ready.then(() => this.readSnapshot());
    panel.disposed.connect(() => this.dispose());
    window.addEventListener('pagehide', this.leave);
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
      this.send({ type: 'fetch', request, what, trial });
    });
  }

  t(text: string, ...values: (string | number)[]): string {
    return this.trans.__(text, ...values.map(String));
  }

  anchor(): string {
    return this.panel.content.activeCell?.model.id ?? '';
  }

  dispose(): void {
    clearTimeout(this._settling);
    window.removeEventListener('pagehide', this.leave);
    this._link.dispose();
    this._waiting.forEach(one => one.reject(new Error(this.t('the notebook was closed'))));
    this._waiting.clear();
    Signal.clearData(this);
  }

  /** Says goodbye when the page goes, so that the session waits for no answer from it. */
  private readonly leave = (): void => this._link.dispose();

  private hello(): Command {
    const held = readMirror(this.panel.model);
    const sources = [...(this.panel.model?.sharedModel.cells ?? [])]
      .filter(cell => cell.cell_type === 'code')
      .map(cell => cell.getSource());
    return {
      type: 'hello',
      wire: WIRE,
      path: this.panel.context.path,
      notebook_id: held.notebook_id,
      events: held.events,
      sources,
      page: `${PAGE}/${this.panel.context.path}`
    };
  }

  private receive(message: Message): void {
    switch (message.type) {
      case 'state':
        this.state = message;
        this.stale = false;
        break;
      case 'trials':
        this.trials = mergeTrials(this.trials, message);
        break;
      case 'events':
        if (this.mirrors) {
          mirrorEvents(this.panel.model, message);
        }
        return;
      case 'run_cell':
        void this._runner.run(message);
        return;
      case 'insert_cells':
        this._runner.insert(message);
        return;
      case 'remove_cells':
        void this._runner.remove(message);
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
    this.settle();
    this._changed.emit();
  }

  /** Writes the snapshot once nothing has changed for a while: the notebook need not be marked changed for each tick. */
  private settle(): void {
    clearTimeout(this._settling);
    this._settling = setTimeout(() => {
      if (this.mirrors && this.state && !this.stale && !this.panel.isDisposed) {
        mirrorSnapshot(this.panel.model, this.state, this.trials);
      }
    }, SETTLED);
  }

  private readSnapshot(): void {
    const { snapshot } = readMirror(this.panel.model);
    if (snapshot && this.stale) {
      this.state = snapshot.state;
      this.trials = snapshot.trials;
    }
    this._changed.emit();
  }

  private onLink(): void {
    if (this.link.kind !== 'ready' && this.link.kind !== 'connecting') {
      this.stale = true;
    }
    this._changed.emit();
  }

  private async install(): Promise<void> {
    const kernel = this.panel.sessionContext.session?.kernel;
    if (kernel) {
      await kernel.requestExecute({ code: `%pip install --quiet "${PACKAGE}"`, store_history: false }).done;
      this.connect();
    }
  }

  private async runNotebook(): Promise<void> {
    await NotebookActions.runAll(this.panel.content, this.panel.sessionContext);
    this.send({ type: 'control', what: 'look' });
  }

  private readonly _link: KernelLink;
  private readonly _runner: CellRunner;
  private readonly _waiting = new Map<string, Waiting>();
  private readonly _changed = new Signal<this, void>(this);
  private _settling: ReturnType<typeof setTimeout> | undefined;
  private _asked = 0;
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
