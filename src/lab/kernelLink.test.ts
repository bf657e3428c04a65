import type { ISessionContext } from '@jupyterlab/apputils';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { panelState } from '../panel/testing/fake';
import type { Command, Message } from '../protocol';
import { KernelLink } from './kernelLink';

type Reply = { status: 'ok' } | { status: 'error'; ename: string; evalue: string };

/** A kernel's comm, which remembers on which shell it was used. */
class Comm {
  isDisposed = false;
  onMsg: (message: unknown) => void = () => undefined;
  onClose: () => void = () => undefined;
  readonly sent: [string | null, string][] = [];
  constructor(private readonly kernel: FakeKernel) {}
  open(): void {
    this.sent.push([this.kernel.subshellId, 'open']);
  }
  send(command: Command): void {
    this.sent.push([this.kernel.subshellId, command.type]);
  }
  close(): void {
    this.sent.push([this.kernel.subshellId, 'close']);
    this.isDisposed = true;
  }
  dispose(): void {
    this.isDisposed = true;
  }
  say(message: unknown): void {
    this.onMsg({ content: { data: message } });
  }
}

class FakeKernel {
  status = 'idle';
  isDisposed = false;
  handleComms = true;
  id = 'k';
  model = { id: 'k' };
  readonly disposed = new Signal<this, void>(this);
  subshellId: string | null = null;
  supportsSubshells = true;
  username = 'u';
  clientId = 'c';
  info: Promise<unknown> = Promise.resolve({ language_info: { name: 'python' } });
  loads: (string | null)[] = [];
  reply: Reply = { status: 'ok' };
  readonly comms: Comm[] = [];
  subshell = Promise.resolve('sub');
  readonly discarded: string[] = [];
  requestDeleteSubshell(content: { subshell_id: string }): void {
    this.discarded.push(content.subshell_id);
  }
  sendControlMessage(): unknown {
    const done = this.supportsSubshells
      ? this.subshell.then(id => ({ content: { subshell_id: id } }))
      : new Promise(() => undefined);
    return { done };
  }
  requestExecute(): unknown {
    this.loads.push(this.subshellId);
    return { done: Promise.resolve({ content: this.reply }) };
  }
  createComm(): Comm {
    this.comms.push(new Comm(this));
    return this.comms.at(-1)!;
  }
}

class Context {
  ready = Promise.resolve();
  session: { kernel: FakeKernel } | null;
  kernelChanged = new Signal<this, void>(this);
  statusChanged = new Signal<this, string>(this);
  connectionStatusChanged = new Signal<this, string>(this);
  constructor(readonly kernel: FakeKernel) {
    this.session = { kernel };
  }
  becomes(status: string): void {
    this.kernel.status = status;
    this.statusChanged.emit(status);
  }
}

let kernel: FakeKernel;
let context: Context;
let link: KernelLink;
let heard: Message[];
const soon = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 5));

beforeEach(() => {
  kernel = new FakeKernel();
  context = new Context(kernel);
  heard = [];
  link = new KernelLink(
    context as unknown as ISessionContext,
    () => ({ type: 'hello', wire: 1 }),
    (text, ...values) => text.replace(/%(\d)/g, (_, place: string) => values[Number(place) - 1])
  );
  link.received.connect((_, message) => void heard.push(message));
});

afterEach(() => {
  vi.useRealTimers();
  link.dispose();
});

test('all goes over a subshell, and the main shell is given back', async () => {
  await link.send({ type: 'get_idea' });
  expect(kernel.loads).toEqual(['sub']);
  expect(kernel.comms[0].sent).toEqual([
    ['sub', 'open'],
    ['sub', 'hello'],
    ['sub', 'get_idea']
  ]);
  expect(kernel.subshellId).toBeNull();
});

test('it is ready when the session has spoken, and rows that came before are not lost', async () => {
  await link.connect();
  expect(link.link.kind).toBe('connecting');
  kernel.comms[0].say({ type: 'trials', rows: [], all: true });
  kernel.comms[0].say(panelState());
  expect(link.link).toEqual({ kind: 'ready', busyWaits: false });
  expect(heard.map(message => message.type)).toEqual(['trials', 'state']);
});

test('a kernel without subshells works, and is said to wait', async () => {
  kernel.supportsSubshells = false;
  await link.connect();
  kernel.comms[0].say(panelState());
  expect(link.link).toEqual({ kind: 'ready', busyWaits: true });
  expect(kernel.loads).toEqual([null]);
});

test('after a reload a busy kernel, which does not say what it is, is reached too', async () => {
  kernel.info = new Promise(() => undefined);
  await link.connect();
  expect(kernel.comms[0].sent.map(([shell]) => shell)).toEqual(['sub', 'sub']);
});

test('a session that speaks otherwise is not listened to', async () => {
  await link.connect();
  kernel.comms[0].say(panelState({ wire: 2, version: '9.9.9' }));
  expect(link.link).toMatchObject({ kind: 'mismatch', detail: expect.stringContaining('9.9.9') as string });
  kernel.comms[0].say({ type: 'run_cell', request: 'r', cell: { source: 'x' }, after: '' });
  expect(heard).toEqual([]);
});

test.each([
  [{ status: 'error', ename: 'ModuleNotFoundError', evalue: "No module named 'mle_ideator_jupyter'" }, 'no-package'],
  [{ status: 'error', ename: 'ImportError', evalue: 'numpy is broken\nlong' }, 'error']
] as [Reply, string][])('what cannot be loaded is said: %j', async (reply, kind) => {
  kernel.reply = reply;
  expect(await link.send({ type: 'get_idea' })).toBe(false);
  expect(link.link.kind).toBe(kind);
  expect(link.link.detail).not.toContain('\n');
  kernel.reply = { status: 'ok' };
  expect(await link.connect()).toBe(true);
});

test('it is opened once, whoever asks, also from within a change', async () => {
  kernel.reply = { status: 'error', ename: 'ImportError', evalue: '' };
  await link.connect();
  kernel.reply = { status: 'ok' };
  link.changed.connect(() => void link.connect());
  await Promise.all([link.connect(), link.connect(), link.send({ type: 'get_idea' })]);
  expect(kernel.comms.length).toBe(1);
});

test('after a restart it is opened again with a new subshell, if it was wanted', async () => {
  link.wanted = true;
  await link.connect();
  kernel.comms[0].say(panelState());
  context.becomes('restarting');
  expect(link.link.kind).toBe('connecting');
  context.becomes('idle');
  await soon();
  expect(kernel.comms.length).toBe(2);
  kernel.comms[0].say(panelState({ message: 'from before' }));
  expect(link.link.kind).toBe('connecting');
  kernel.comms[1].say(panelState());
  expect(link.link.kind).toBe('ready');
});

test('what was begun before a restart does not go on after it', async () => {
  const before = link.connect();
  context.becomes('autorestarting');
  await before;
  await soon();
  expect(kernel.comms.length).toBe(0);
});

test('a lost connection that is back is greeted, and a page that goes says goodbye', async () => {
  await link.connect();
  kernel.comms[0].say(panelState());
  context.connectionStatusChanged.emit('connected');
  window.dispatchEvent(new Event('pagehide'));
  expect(kernel.comms[0].sent.map(([, what]) => what)).toEqual(['open', 'hello', 'hello', 'close']);
  expect(kernel.comms[0].sent.at(-1)![0]).toBe('sub');
});

test('a kernel that closes the line is said to have done so', async () => {
  await link.connect();
  kernel.comms[0].onClose();
  expect(link.link.kind).toBe('error');
});

test('a connection that is cut before the session has spoken begins anew when it is back', async () => {
  link.wanted = true;
  await link.connect();
  context.connectionStatusChanged.emit('connecting');
  context.connectionStatusChanged.emit('connected');
  await soon();
  expect(kernel.comms.length).toBe(2);
  kernel.comms[1].say(panelState());
  expect(link.link.kind).toBe('ready');
  expect(kernel.loads).toEqual(['sub', 'sub']);
});

test('a subshell that comes after the connection was cut is ended', async () => {
  let late: (id: string) => void = () => undefined;
  kernel.subshell = new Promise(resolve => (late = resolve));
  link.wanted = true;
  void link.connect();
  await soon();
  kernel.subshell = Promise.resolve('new');
  context.connectionStatusChanged.emit('connecting');
  context.connectionStatusChanged.emit('connected');
  await soon();
  late('late');
  await soon();
  expect(kernel.discarded).toEqual(['late']);
  expect(kernel.loads).toEqual(['new']);
});

test('what an idle kernel does not answer is asked again, and in the end said', async () => {
  vi.useFakeTimers();
  await link.connect();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(kernel.comms.map(comm => comm.isDisposed)).toEqual([true, false]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(link.link.kind).toBe('error');
  expect(await link.connect()).toBe(true);
  kernel.comms.at(-1)!.say(panelState());
  expect(link.link.kind).toBe('ready');
});

test.each([
  [true, 'error'],
  [false, 'connecting']
])('a busy kernel is not asked again; with subshells (%s) it ends as %s', async (subshells, kind) => {
  vi.useFakeTimers();
  kernel.supportsSubshells = subshells;
  kernel.status = 'busy';
  await link.connect();
  await vi.advanceTimersByTimeAsync(50_000);
  expect(link.link.kind).toBe('connecting');
  await vi.advanceTimersByTimeAsync(15_000);
  expect(link.link.kind).toBe(kind);
  expect(kernel.comms.length).toBe(1);
});

test('a kernel whose control channel stays silent is reached over its main shell', async () => {
  vi.useFakeTimers();
  kernel.subshell = new Promise(() => undefined);
  void link.connect();
  await vi.advanceTimersByTimeAsync(5_000);
  kernel.comms[0].say(panelState());
  expect(link.link).toEqual({ kind: 'ready', busyWaits: true });
});

test('a kernel that another notebook has comms with is spoken to through that one’s connection', async () => {
  const through = new FakeKernel();
  const context = new Context(new FakeKernel());
  context.kernel.handleComms = false;
  const hello = (): Command => ({ type: 'control', what: 'look' });
  const others = (): never[] => [through] as never[];
  const shared = new KernelLink(context as unknown as ISessionContext, hello, text => text, others);
  await expect(shared.connect()).resolves.toBe(true);
  expect(through.comms[0].sent).toEqual([
    ['sub', 'open'],
    ['sub', 'control']
  ]);
  shared.dispose();
});

test('where somebody else has the comms, it says what to do', async () => {
  const context = new Context(new FakeKernel());
  context.kernel.handleComms = false;
  const alone = new KernelLink(
    context as unknown as ISessionContext,
    () => ({ type: 'control', what: 'look' }),
    text => text
  );
  await expect(alone.connect()).resolves.toBe(false);
  expect(alone.link).toMatchObject({ kind: 'error', detail: expect.stringContaining('another kernel') as string });
  alone.dispose();
});
