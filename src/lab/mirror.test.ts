import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { idea, panelState, trial } from '../panel/testing/fake';
import { Mirror, type MirrorModel } from './mirror';

class Model implements MirrorModel {
  readOnly = false;
  writes = 0;
  constructor(public held: unknown = undefined) {}
  getMetadata(): unknown {
    return this.held === undefined ? undefined : JSON.parse(JSON.stringify(this.held));
  }
  setMetadata(_: string, value: unknown): void {
    this.writes++;
    this.held = value;
  }
}

const state = panelState({ notebook_id: 'n1', trials: 1, ideas: [idea()] });
const settle = (): void => void vi.advanceTimersByTime(5000);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('lines and rows are written together, once, and read back', () => {
  const model = new Model();
  const mirror = new Mirror(() => model);
  mirror.take({ type: 'events', lines: ['a', 'b'], all: true });
  mirror.take({ type: 'events', lines: ['c'], all: false });
  mirror.show(state, [trial(0, 0.5)]);
  settle();
  expect(model.writes).toBe(1);
  expect(new Mirror(() => model).read()).toMatchObject({
    notebook_id: 'n1',
    events: ['a', 'b', 'c'],
    snapshot: { trials: [trial(0, 0.5)] }
  });
});

test('a notebook that was only opened stays as it is', () => {
  const model = new Model();
  const mirror = new Mirror(() => model);
  mirror.take({ type: 'events', lines: ['opened'], all: true });
  mirror.show(panelState(), []);
  settle();
  expect(model.held).toBeUndefined();
});

test('what says nothing new is not written', () => {
  const model = new Model();
  const mirror = new Mirror(() => model);
  mirror.take({ type: 'events', lines: ['a'], all: true });
  mirror.show(state, []);
  settle();
  mirror.show({ ...state, activity: 'running', message: 'still at it' }, []);
  mirror.take({ type: 'events', lines: ['a'], all: false });
  settle();
  expect(model.writes).toBe(1);
});

test('what others keep beside it stays', () => {
  const model = new Model({ binding: { train: 'df' }, events: ['old'] });
  const mirror = new Mirror(() => model);
  mirror.take({ type: 'events', lines: ['old', 'new'], all: true });
  mirror.show(state, []);
  settle();
  expect(model.held).toMatchObject({ binding: { train: 'df' }, events: ['old', 'new'] });
});

test('the oldest lines go first when there are too many', () => {
  const model = new Model();
  const mirror = new Mirror(() => model);
  const lines = Array.from({ length: 50 }, (_, i) => `${i}`.padEnd(100_000, 'x'));
  mirror.take({ type: 'events', lines, all: true });
  mirror.show(state, []);
  settle();
  const { events } = mirror.read();
  expect(events.length).toBeGreaterThan(10);
  expect(events.join('').length).toBeLessThanOrEqual(2_000_000);
  expect(events.at(-1)).toBe(lines.at(-1));
});

test.each(['off', 'read-only'])('nothing is written into a notebook that is %s', how => {
  const model = new Model();
  model.readOnly = how === 'read-only';
  const mirror = new Mirror(() => model);
  mirror.on = how !== 'off';
  mirror.take({ type: 'events', lines: ['a'], all: true });
  mirror.show(state, []);
  settle();
  expect(model.writes).toBe(0);
});

test.each([7, 'x', [], { events: 'x', notebook_id: 3, snapshot: [] }, { events: [1, 'real', null] }])(
  'forged metadata %j are read as far as they are sound',
  held => {
    const read = new Mirror(() => new Model(held)).read();
    expect(read.notebook_id).toBe('');
    expect(read.events).toEqual(JSON.stringify(held).includes('real') ? ['real'] : []);
  }
);
