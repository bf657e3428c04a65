import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { panelState, trial } from '../panel/testing/fake';
import { WidgetHost, type WidgetModel } from './host';

class FakeModel implements WidgetModel {
  readonly sent: Record<string, unknown>[] = [];
  private readonly callbacks = new Set<(content: unknown) => void>();

  send(content: unknown): void {
    this.sent.push(content as Record<string, unknown>);
  }

  on(_: string, callback: (content: unknown) => void): void {
    this.callbacks.add(callback);
  }

  off(_: string, callback: (content: unknown) => void): void {
    this.callbacks.delete(callback);
  }

  say(content: unknown): void {
    this.callbacks.forEach(callback => callback(content));
  }
}

let model: FakeModel;
let host: WidgetHost;

beforeEach(() => {
  vi.useFakeTimers();
  model = new FakeModel();
  host = new WidgetHost(model, 'this notebook');
});

afterEach(() => {
  host.dispose();
  vi.useRealTimers();
});

test('it says hello first and is ready when a state comes', () => {
  expect(model.sent[0]).toMatchObject({ type: 'hello', wire: 1 });
  expect(host.link.kind).toBe('connecting');
  const changed = vi.fn();
  host.onChange(changed);
  model.say(panelState());
  expect(host.link.kind).toBe('ready');
  expect(changed).toHaveBeenCalledOnce();
});

test('another wire version is said plainly', () => {
  model.say(panelState({ wire: 99 }));
  expect(host.link.kind).toBe('mismatch');
});

test('a kernel that does not answer is an error, until it does', () => {
  vi.runAllTimers();
  expect(host.link.kind).toBe('error');
  model.say(panelState());
  expect(host.link.kind).toBe('ready');
});

test('trials are gathered', () => {
  model.say({ type: 'trials', all: true, rows: [trial(0, 1)] });
  model.say({ type: 'trials', all: false, rows: [trial(1, 2)] });
  expect(host.trials.map(row => row.number)).toEqual([0, 1]);
});

test('an answer reaches the one who asked, and an error refuses', async () => {
  const source = host.fetch('source', 't1');
  const diff = host.fetch('diff', 't1');
  const [, first, second] = model.sent;
  expect(first).toMatchObject({ type: 'fetch', what: 'source', trial: 't1' });
  model.say({ type: 'fetched', request: second.request, text: '', error: 'no best yet' });
  model.say({ type: 'fetched', request: first.request, text: 'fit()', error: '' });
  await expect(source).resolves.toBe('fit()');
  await expect(diff).rejects.toThrow('no best yet');
});

test('cells are refused, so that the kernel runs them itself', () => {
  model.say({ type: 'run_cell', request: 'r1', after: '', cell: {} });
  model.say({ type: 'remove_cells', request: 'r2', cells: [{ cell: 'c1', digest: '' }] });
  expect(model.sent.slice(1)).toMatchObject([
    { type: 'ran', request: 'r1', how: 'refused' },
    { type: 'changed', request: 'r2', cells: [], left: ['c1'] }
  ]);
});

test('after its end it listens no more', async () => {
  const asked = host.fetch('csv');
  host.dispose();
  await expect(asked).rejects.toThrow('closed');
  model.say(panelState());
  expect(host.state).toBeNull();
});
