/** The link between one notebook and the session in its kernel: loads our package, opens the comm, keeps it open. */

import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel } from '@jupyterlab/services';
import { Signal, type ISignal } from '@lumino/signaling';
import type { LinkState } from '../panel';
import { TARGET, VERSION, WIRE, type Command, type Message, type PanelState } from '../protocol';
import { makeSubshell, onSubshell } from './subshell';

const LOAD = '%load_ext mle_ideator_jupyter';
const RESTARTING = /^(auto)?restarting$/;
/** Milliseconds that the session may take to answer the first word, on a subshell. */
const PATIENCE = 60_000;

/** A comm and where its messages go. */
interface Line {
  comm: Kernel.IComm;
  kernel: Kernel.IKernelConnection;
  subshell: string | null;
}

type Translate = (text: string, ...values: string[]) => string;

export class KernelLink {
  constructor(
    private readonly context: ISessionContext,
    /** The first thing to say. */
    private readonly hello: () => Command,
    private readonly t: Translate
  ) {
    context.kernelChanged.connect(this.onKernel, this);
    context.statusChanged.connect(this.onStatus, this);
    context.connectionStatusChanged.connect(this.onConnection, this);
    // A page that goes without a word would leave the session waiting for its answers.
    window.addEventListener('pagehide', this.leave);
  }

  /** How the link stands. */
  get link(): LinkState {
    return this._link;
  }

  /** Emits after every change of `link`. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emits every message of the session. */
  get received(): ISignal<this, Message> {
    return this._received;
  }

  dispose(): void {
    if (!this._disposed) {
      this._disposed = true;
      window.removeEventListener('pagehide', this.leave);
      Signal.clearData(this);
      this.drop();
    }
  }

  /** Opens the comm where it is not open; resolves with whether the session can be talked to. */
  connect(): Promise<boolean> {
    if (!this._opening) {
      // Not at once: `open` says what it does, and whoever hears it may call here again.
      const opening = Promise.resolve()
        .then(() => this.open())
        .then(open => {
          if (!open && this._opening === opening) {
            this._opening = null; // the next click tries again
          }
          return open;
        });
      this._opening = opening;
    }
    return this._opening;
  }

  /** Sends a command, after connecting where that is needed; resolves with whether it went out. */
  async send(command: Command): Promise<boolean> {
    return (this._line !== null || (await this.connect())) && this.sendNow(command);
  }

  /** Says hello again: what the first one said has changed, or messages may have been lost. */
  greet(): void {
    this.sendNow(this.hello());
  }

  private sendNow(command: Command): boolean {
    const line = this._line;
    if (!line || line.comm.isDisposed) {
      return false;
    }
    onSubshell(line.kernel, line.subshell, () => line.comm.send(command as never));
    return true;
  }

  private async open(): Promise<boolean> {
    if (!this.context.session?.kernel) {
      await this.context.ready; // after a reload this would wait for the running cell
    }
    const turn = this._turn;
    const kernel = this.context.session?.kernel;
    if (!kernel || this._disposed) {
      this.say({ kind: 'no-kernel' });
      return false;
    }
    this.say({ kind: 'connecting' });
    if (RESTARTING.test(kernel.status)) {
      return false; // it is connected when it is back
    }
    let fault: LinkState | null;
    try {
      this._made ??= makeSubshell(kernel);
      const subshell = await this._made;
      fault = await this.load(kernel, subshell);
      if (turn === this._turn && !fault) {
        this.openComm(kernel, subshell);
      }
    } catch (reason) {
      fault = { kind: 'error', detail: oneLine(reason) };
    }
    if (turn !== this._turn) {
      return this._opening ?? false; // the kernel went away meanwhile
    }
    if (fault) {
      this.say(fault);
      return false;
    }
    this.greet();
    return true;
  }

  /** Loads the kernel side without a trace in the notebook; resolves with what is wrong, if anything. */
  private async load(kernel: Kernel.IKernelConnection, subshell: string | null): Promise<LinkState | null> {
    const content = { code: LOAD, silent: true, store_history: false, allow_stdin: false, stop_on_error: false };
    const { content: reply } = await onSubshell(kernel, subshell, () => kernel.requestExecute(content)).done;
    if (reply.status === 'ok') {
      return null;
    }
    if (reply.status !== 'error') {
      return { kind: 'error', detail: this.t('The kernel dropped the request. Click again.') };
    }
    const language = (await kernel.info).language_info.name;
    if (language !== 'python') {
      return { kind: 'error', detail: this.t('Ideas need a Python kernel; this one runs %1.', language) };
    }
    const detail = oneLine(`${reply.ename}: ${reply.evalue}`);
    return { kind: reply.ename === 'ModuleNotFoundError' ? 'no-package' : 'error', detail };
  }

  private openComm(kernel: Kernel.IKernelConnection, subshell: string | null): void {
    const comm = kernel.createComm(TARGET);
    // Our own subshell serves this comm; one that JupyterLab makes meanwhile would change shells under it.
    (comm as unknown as { commsOverSubshells: string }).commsOverSubshells = 'disabled';
    comm.onMsg = message => {
      this.take(comm, message.content.data as unknown as Message);
    };
    comm.onClose = () => {
      if (this._line?.comm === comm) {
        this.drop();
        this.say({ kind: 'error', detail: this.t('The kernel closed the line. Restart the kernel to go on.') });
      }
    };
    this._line = { comm, kernel, subshell };
    onSubshell(kernel, subshell, () => comm.open({}));
    if (subshell === null) {
      this.say({ kind: 'connecting', busyWaits: true });
      return;
    }
    clearTimeout(this._patience);
    this._patience = setTimeout(() => {
      if (this._line?.comm === comm && this._link.kind === 'connecting') {
        this.say({ kind: 'error' });
      }
    }, PATIENCE);
  }

  private take(comm: Kernel.IComm, message: Message): void {
    if (comm !== this._line?.comm) {
      return;
    }
    if (message.type === 'state') {
      this.heard(message);
    }
    if (this._link.kind === 'ready') {
      this._received.emit(message);
    } else if (this._link.kind !== 'mismatch') {
      this._early.push(message);
    }
  }

  /** Takes the session's state as its word that it is there and speaks as we do. */
  private heard({ wire, version }: PanelState): void {
    if (wire !== WIRE) {
      const detail = this.t('The panel is version %1, the kernel has version %2.', VERSION, version || '?');
      this.say({ kind: 'mismatch', detail });
    } else if (this._link.kind !== 'ready') {
      clearTimeout(this._patience);
      this.say({ kind: 'ready', busyWaits: this._line?.subshell === null });
      this._early.splice(0).forEach(message => this._received.emit(message));
    }
  }

  private onKernel(): void {
    this.lose(this.context.session?.kernel ? 'connecting' : 'no-kernel');
    if (this._wanted) {
      void this.connect();
    }
  }

  private onStatus(_: ISessionContext, status: Kernel.Status): void {
    if (RESTARTING.test(status)) {
      this.lose('connecting');
      this._restarted = true;
    } else if (status === 'dead' || status === 'terminating') {
      this.lose('no-kernel');
    } else if (this._restarted && (status === 'idle' || status === 'busy')) {
      this._restarted = false;
      if (this._wanted) {
        void this.connect();
      }
    }
  }

  private onConnection(_: ISessionContext, status: Kernel.ConnectionStatus): void {
    if (status !== 'connected') {
      this._cut = this._opening !== null;
    } else if (this._link.kind === 'ready') {
      this.greet();
    } else if (this._cut && this._wanted) {
      this.lose('connecting'); // what was asked before the line was cut has no answer any more
      void this.connect();
    }
  }

  /** Whether to connect again by itself when there is a new kernel. */
  set wanted(value: boolean) {
    this._wanted = value;
  }

  private lose(kind: 'connecting' | 'no-kernel'): void {
    this._made = null;
    this.drop();
    this.say({ kind });
  }

  private readonly leave = (): void => this.drop();

  private drop(): void {
    const line = this._line;
    this._turn++;
    this._line = this._opening = null;
    this._early = [];
    clearTimeout(this._patience);
    if (line && !line.comm.isDisposed) {
      line.comm.onClose = () => undefined;
      try {
        onSubshell(line.kernel, line.subshell, () => line.comm.close());
      } catch {
        line.comm.dispose(); // the kernel is gone already
      }
    }
  }

  private say(link: LinkState): void {
    const { kind, detail, busyWaits } = this._link;
    if (link.kind !== kind || link.detail !== detail || link.busyWaits !== busyWaits) {
      this._link = link;
      this._changed.emit();
    }
  }

  private _link: LinkState = { kind: 'connecting' };
  private _line: Line | null = null;
  private _made: Promise<string | null> | null = null;
  private _opening: Promise<boolean> | null = null;
  /** Counts what was dropped, so that what began before does not go on. */
  private _turn = 0;
  /** What came before the session's first state. */
  private _early: Message[] = [];
  private _patience: ReturnType<typeof setTimeout> | undefined;
  private _wanted = false;
  private _restarted = false;
  /** Whether the connection was lost while the comm was being opened, or after. */
  private _cut = false;
  private _disposed = false;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _received = new Signal<this, Message>(this);
}

function oneLine(reason: unknown): string {
  const text = reason instanceof Error ? reason.message : String(reason);
  return text.split('\n')[0].slice(0, 300);
}
