/** The link between one notebook and the session in its kernel: loads our package, opens the comm, keeps it open. */

import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel } from '@jupyterlab/services';
import { Signal, type ISignal } from '@lumino/signaling';
import type { LinkState } from '../panel';
import { TARGET, VERSION, WIRE, type Command, type Message, type PanelState } from '../protocol';
import { withComms, type Others } from './comms';
import { loadPackage, oneLine, type Translate } from './loadPackage';
import { discardSubshell, makeSubshell, onSubshell } from './subshell';

const RESTARTING = /^(auto)?restarting$/;
/** Milliseconds without an answer after which a kernel that is not busy is asked again. */
const PATIENCE = 5_000;
/** How often it is asked again; a busy kernel's subshell may take `PATIENCE` that many times to answer. */
const AGAIN = 12;

/** A comm and where its messages go. */
interface Line {
  comm: Kernel.IComm;
  kernel: Kernel.IKernelConnection;
  subshell: string | null;
}

export class KernelLink {
  constructor(
    private readonly context: ISessionContext,
    /** The first thing to say. */
    private readonly hello: () => Command,
    private readonly t: Translate,
    private readonly others: Others = () => []
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
    this.wait();
    let fault: LinkState | null = null;
    try {
      const made = (this._made ??= this._mute ? Promise.resolve(null) : makeSubshell(kernel));
      this._making = true;
      const subshell = await made;
      this._making = false;
      if (turn !== this._turn && made !== this._made) {
        discardSubshell(kernel, subshell);
      } else {
        fault = await loadPackage(kernel, subshell, this.t);
        if (turn === this._turn && !fault) {
          this.openComm(kernel, subshell);
        }
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

  private openComm(kernel: Kernel.IKernelConnection, subshell: string | null): void {
    const refusal = this.t('This kernel’s panel is another view’s, a console’s say: close it, or take another kernel.');
    const through = withComms(kernel, this.context, this.others, refusal);
    const comm = through.createComm(TARGET);
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
    this._line = { comm, kernel: through, subshell };
    if (through !== kernel) {
      through.disposed.connect(() => this._line?.kernel === through && this.onKernel()); // its notebook was closed
    }
    onSubshell(through, subshell, () => comm.open({}));
    if (subshell === null) {
      this.say({ kind: 'connecting', busyWaits: true });
    }
  }

  /** Begins anew where nothing is heard: what goes out while a kernel restarts may never be answered. */
  private wait(times = 0): void {
    clearTimeout(this._patience);
    this._patience = setTimeout(() => {
      if (this._link.kind !== 'connecting') {
        return;
      }
      const busy = this.context.session?.kernel?.status === 'busy';
      if (busy && (times < AGAIN || !this._line?.subshell)) {
        this.wait(times + 1);
      } else if (!busy && this._again < AGAIN) {
        this._again++;
        this._mute = this._making; // after a restart through a gateway the control channel may stay silent
        this.lose('connecting');
        void this.connect();
      } else {
        this._again = 0;
        this.lose('error');
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
      this._again = 0;
      this.say({ kind: 'ready', busyWaits: this._line?.subshell === null });
      this._early.splice(0).forEach(message => this._received.emit(message));
    }
  }

  private onKernel(): void {
    this._mute = false;
    this.lose(this.context.session?.kernel ? 'connecting' : 'no-kernel');
    if (this._wanted) {
      void this.connect();
    }
  }

  private onStatus(_: ISessionContext, status: Kernel.Status): void {
    if (RESTARTING.test(status)) {
      this._mute = false;
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

  private lose(kind: 'connecting' | 'error' | 'no-kernel'): void {
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
  /** Whether the kernel has been asked for a subshell and has not answered. */
  private _making = false;
  /** Whether it is no use to ask. */
  private _mute = false;
  /** Counts what was dropped, so that what began before does not go on. */
  private _turn = 0;
  /** What came before the session's first state. */
  private _early: Message[] = [];
  private _patience: ReturnType<typeof setTimeout> | undefined;
  private _again = 0;
  private _wanted = false;
  private _restarted = false;
  /** Whether the connection was lost while the comm was being opened, or after. */
  private _cut = false;
  private _disposed = false;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _received = new Signal<this, Message>(this);
}
