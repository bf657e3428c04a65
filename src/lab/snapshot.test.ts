import { describe, expect, test } from 'vitest';
import { idea, panelState, trial } from '../panel/testing/fake';
import { atRest, readSnapshot } from './snapshot';

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('a state at rest', () => {
  test('keeps the task, the ideas and the best, and nothing of what was going on', () => {
    const best = { trial: 't1', number: 1, value: 0.2, delta: 0.1 };
    const run = {
      steps_done: 1,
      percent: 10,
      steps: 5,
      seconds_left: null,
      cost_left: null,
      paused: false,
      reason: ''
    };
    const approval = { request: 'r', trial: 't', number: 1, title: '', action: '', source: 'x', touches: [] };
    const state = panelState({ best, run, approval, activity: 'running', message: 'm', error: 'e', ideas: [idea()] });
    const still = atRest(state);
    expect(still).toMatchObject({ task: state.task, best, ideas: state.ideas, baseline: state.baseline });
    expect(still).toMatchObject({ run: null, approval: null, activity: 'idle', message: '', error: '', frames: [] });
  });

  test('is the same when it is read again', () => {
    const still = atRest(panelState({ ideas: [idea()], best: { trial: 't', number: 2, value: 1, delta: null } }));
    expect(atRest(plain(still))).toEqual(still);
  });
});

describe('a snapshot', () => {
  test('comes back as it was written', () => {
    const written = { state: atRest(panelState({ ideas: [idea()] })), trials: [trial(0, 0.3), trial(1, null)] };
    expect(readSnapshot(plain(written))).toEqual(written);
  });

  test.each([undefined, null, 'text', 7, true])('is not there where the metadata hold %j', held => {
    expect(readSnapshot(held)).toBeNull();
  });

  test('takes only what is of its kind, and invents no rows', () => {
    const forged = {
      state: {
        task: 'text',
        best: [],
        baseline: '1',
        ideas: [null, 3, { title: { toString: 'x' }, steps: 'abc', evidence: [1, 'real'] }],
        agents: { ideator: 1 },
        run: {},
        activity: 'running',
        __proto__: { message: 'x' }
      },
      trials: [null, [], 'row', { number: 3 }, { id: 't', number: '1', value: 'NaN', cells: {}, status: 'running' }]
    };
    const { state, trials } = readSnapshot(JSON.parse(JSON.stringify(forged)))!;
    expect(state.task).toMatchObject({ line: '', goal: 'maximize' });
    expect(state.best).toEqual({ trial: '', number: 0, value: 0, delta: null });
    expect(state.ideas.map(one => one.title)).toEqual(['', '', '']);
    expect(state.ideas[2].evidence).toEqual(['', 'real']);
    expect(state).toMatchObject({ agents: null, run: null, activity: 'idle', message: '' });
    expect(trials).toEqual([
      { ...trial(0, 0), id: 't', title: '', status: 'failed', kind: '', cells: [], seconds: 0, time: 0 }
    ]);
  });

  test('is cut where it is too large to draw', () => {
    const rows = Array.from({ length: 3000 }, (_, i) => trial(i, 1));
    const { state, trials } = readSnapshot({ state: { watch: 'x'.repeat(1e6) }, trials: rows })!;
    expect(trials.length).toBeLessThan(1000);
    expect(state.watch.length).toBeLessThan(10_000);
  });
});
