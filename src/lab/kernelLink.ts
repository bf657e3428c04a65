/** The link between one notebook and the session in its kernel: loads our package, opens the comm, keeps it open. */

import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { Signal, type ISignal } from '@lumino/signaling';
import type { LinkState } from '../panel';
import { TARGET, type Command, type Message } from '../protocol';
import { makeSubshell, onSubshell } from './subshell';

const LOAD = '%load_ext mle_ideator_jupyter';

/** What a kernel says when a package is not there. */
const MISSING = /ModuleNotFoundError|ImportError/;

const RESTARTING = /^(auto)?restarting$/;

export class KernelLink {
  constructor(
    private readonly context: ISessionContext,
    /** The first thing to say. */
    private readonly hello: () => Command
  ) {
    context.kernelChanged.connect(this.onKernel, this);
    context.statusChanged.connect(this.onStatus, this);
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

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    if (this._disposed) {
      return;
    }
    this._disposed = true;
    Signal.clearData(this);
    this.drop();
  }

  /** Opens the comm where it is not open; returns whether the session can be talked to. */
  async connect(): Promise<boolean> {
    this._opening ??= this.open().finally(() => {
      this._opening = null;
    });
    return this._opening;
  }

  /** Sends a command, after connecting where that is needed. */
  async send(command: Command): Promise<void> {
    if (this._comm === null && !(await this.connect())) {
      return;
    }
    this.sendNow(command);
  }

  private sendNow(command: Command): void {
    const kernel = this.context.session?.kernel;
    const comm = this._comm;
    if (kernel && comm && !comm.isDisposed) {
      onSubshell(kernel, this._subshell, () => comm.send(command as never));
    }
  }

  private async open(): Promise<boolean> {
    if (this._comm !== null) {
      return true;
    }
    await this.context.ready;
    const kernel = this.context.session?.kernel;
    if (!kernel || this._disposed) {
      this.say({ kind: 'no-kernel' });
      return false;
    }
    if (RESTARTING.test(kernel.status)) {
      return false; // it is connected when it is back
    }
    this.say({ kind: 'connecting' });
    const life = this._life;
    const subshell = await makeSubshell(kernel);
    const fault = life === this._life ? await this.load(kernel, subshell) : null;
    if (this._disposed || life !== this._life || this.context.session?.kernel !== kernel) {
      return false;
    }
    if (fault) {
      this.say(fault);
      return false;
    }
    this._subshell = subshell;
    this.openComm(kernel);
    this.say({ kind: 'ready', busyWaits: subshell === null });
    this.sendNow(this.hello());
    return true;
  }

  /** Loads the kernel side, silently; resolves with what is wrong, if anything. */
  private async load(kernel: Kernel.IKernelConnection, subshell: string | null): Promise<LinkState | null> {
    const content = { code: LOAD, silent: true, store_history: false, allow_stdin: false, stop_on_error: false };
    try {
      const future = onSubshell(kernel, subshell, () => kernel.requestExecute(content));
      let said = '';
      future.onIOPub = message => {
        // An extension that is loaded already says so; that is no fault.
        said += message.header.msg_type === 'error' ? (message as KernelMessage.IErrorMsg).content.ename : '';
      };
      const { content: reply } = await future.done;
      if (reply.status === 'ok') {
        return null;
      }
      const { ename, evalue } = reply as KernelMessage.IReplyErrorContent;
      const detail = `${ename}: ${evalue}`.split('\n')[0];
      return MISSING.test(`${ename}${said}`) ? { kind: 'no-package', detail } : { kind: 'error', detail };
    } catch (reason) {
      return { kind: 'error', detail: String(reason).split('\n')[0] };
    }
  }

  private openComm(kernel: Kernel.IKernelConnection): void {
    const comm = kernel.createComm(TARGET);
    // Our own subshell serves this comm; one that JupyterLab makes meanwhile would change shells under it.
    (comm as unknown as { commsOverSubshells: string }).commsOverSubshells = 'disabled';
    comm.onMsg = message => {
      this._received.emit(message.content.data as unknown as Message);
    };
    comm.onClose = () => {
      if (this._comm === comm) {
        this.drop();
        this.say({ kind: 'no-kernel' });
      }
    };
    this._comm = comm;
    onSubshell(kernel, this._subshell, () => comm.open({}));
  }

  private onKernel(): void {
    this.drop();
    this.say({ kind: this.context.session?.kernel ? 'connecting' : 'no-kernel' });
    if (this._wanted) {
      void this.connect();
    }
  }

  private onStatus(_: ISessionContext, status: Kernel.Status): void {
    const restarting = RESTARTING.test(status);
    if (restarting || status === 'dead' || status === 'terminating') {
      this.drop();
      this.say({ kind: restarting ? 'connecting' : 'no-kernel' });
      this._restarted = restarting;
    } else if (this._restarted && (status === 'idle' || status === 'busy')) {
      this._restarted = false;
      if (this._wanted) {
        void this.connect();
      }
    }
  }

  /** Whether to connect again by itself when there is a new kernel. */
  set wanted(value: boolean) {
    this._wanted = value;
  }

  private drop(): void {
    const comm = this._comm;
    this._life++;
    this._comm = null;
    this._subshell = null;
    if (comm && !comm.isDisposed) {
      comm.onClose = () => undefined;
      try {
        comm.close();
      } catch {
        comm.dispose(); // the kernel is gone already
      }
    }
  }

  private say(link: LinkState): void {
    this._link = link;
    this._changed.emit();
  }

  private _link: LinkState = { kind: 'connecting' };
  private _comm: Kernel.IComm | null = null;
  private _subshell: string | null = null;
  private _opening: Promise<boolean> | null = null;
  /** Counts the kernels' lives: what was begun in one means nothing in the next. */
  private _life = 0;
  private _wanted = false;
  private _restarted = false;
  private _disposed = false;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _received = new Signal<this, Message>(this);
}
