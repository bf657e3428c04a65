/** One host for each open notebook, and the one of the notebook that the user looks at. */

import type { INotebookCellExecutor, INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Kernel } from '@jupyterlab/services';
import { Signal, type ISignal } from '@lumino/signaling';
import { NotebookHost, PACKAGE } from './notebookHost';

export interface HostsOptions {
  tracker: INotebookTracker;
  executor: INotebookCellExecutor | null;
  trans: TranslationBundle;
  openSettings?: () => void;
}

export class Hosts {
  constructor(private readonly options: HostsOptions) {
    const { tracker } = options;
    tracker.currentChanged.connect(() => this._changed.emit());
    tracker.widgetAdded.connect((_, panel) => void this.of(panel));
    tracker.forEach(panel => void this.of(panel));
  }

  /** The host of the current notebook, or null where there is none. */
  get current(): NotebookHost | null {
    const panel = this.options.tracker.currentWidget;
    return panel && !panel.isDisposed ? this.of(panel) : null;
  }

  /** Emits when another notebook is the current one, and after every change of the current one's host. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Takes the user's settings: whether histories are mirrored into the notebooks, and where the package is from. */
  set(mirrors: boolean, installFrom: string): void {
    this._settings = { mirrors, installFrom };
    this.options.tracker.forEach(panel => this.apply(this.of(panel)));
  }

  of(panel: NotebookPanel): NotebookHost {
    let host = this._hosts.get(panel);
    if (!host) {
      const { executor, trans, openSettings } = this.options;
      host = new NotebookHost(panel, executor, trans, openSettings, id => this.kernels(panel, id));
      this._hosts.set(panel, host);
      this.apply(host);
      host.changed.connect(changed => {
        if (changed === this.current) {
          this._changed.emit();
        }
      });
    }
    return host;
  }

  /** The connections to a kernel that the other notebooks hold. */
  private kernels(panel: NotebookPanel, id: string): Kernel.IKernelConnection[] {
    const found: Kernel.IKernelConnection[] = [];
    this.options.tracker.forEach(other => {
      const kernel = other === panel ? null : other.sessionContext.session?.kernel;
      if (kernel?.id === id) {
        found.push(kernel);
      }
    });
    return found;
  }

  private apply(host: NotebookHost): void {
    host.mirror.on = this._settings.mirrors;
    host.actions.installFrom = this._settings.installFrom || PACKAGE;
  }

  private _settings = { mirrors: true, installFrom: '' };
  private readonly _hosts = new WeakMap<NotebookPanel, NotebookHost>();
  private readonly _changed = new Signal<this, void>(this);
}
