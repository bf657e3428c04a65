import { expect, test } from 'vitest';
import { fitting, layout, nearest } from './layout';
import { trial } from './testing/fake';

const marks = (...args: Parameters<typeof layout>): string[] => layout(...args).dots.map(dot => dot.mark);

test('every trial is one dot, and says what became of it', () => {
  const trials = [
    trial(0, 0.13, { best: true }),
    trial(1, 0.12, { best: true }),
    trial(2, 95),
    trial(3, null),
    trial(4, null, { status: 'running' }),
    trial(5, 0.125)
  ];
  expect(marks(trials, 'minimize', 0.13, 264)).toEqual(['best', 'best', 'above', 'failed', 'running', 'score']);
});

test('the best score is in sight even when it is far from all others', () => {
  const trials = [0.5, 0.51, 0.5, 0.52, 0.51].map((value, i) => trial(i, value, { best: i === 0 }));
  expect(marks([...trials, trial(5, 0.01, { best: true })], 'minimize', null, 264)[5]).toBe('best');
  expect(marks([...trials, trial(5, 0.01)], 'maximize', null, 264)[5]).toBe('below');
});

test('a higher score is drawn higher, and failures below all scores', () => {
  const { dots } = layout([trial(0, 0.1), trial(1, 0.2), trial(2, null)], 'minimize', null, 264);
  expect(dots[1].y).toBeLessThan(dots[0].y);
  expect(dots[2].y).toBeGreaterThan(dots[0].y);
  expect(dots.map(dot => dot.x)).toEqual([...dots.map(dot => dot.x)].sort((a, b) => a - b));
});

test('other series are drawn apart and do not touch the scale', () => {
  const own = [trial(0, 0.1), trial(1, 0.2)];
  const drawn = layout([...own, trial(2, 900, { series: 'sample:500' })], 'minimize', null, 264);
  const alone = layout(own, 'minimize', null, 264);
  expect(drawn.strips.map(strip => strip.series)).toEqual(['sample:500']);
  expect(drawn.ticks).toEqual(alone.ticks);
  expect(drawn.dots[2].y).toBeGreaterThan(drawn.strips[0].top);
  expect(drawn.height).toBeGreaterThan(alone.height);
});

test('the name of a series is written out where there is room', () => {
  expect(fitting('validation of my own', 264)).toBe('validation of my own');
  expect(fitting('a'.repeat(60), 264)).toBe(`${'a'.repeat(39)}…`);
});

test('series without room are counted', () => {
  const trials = ['a', 'b', 'c'].map((series, i) => trial(i, 1, { series }));
  expect(layout(trials, 'minimize', null, 264).hidden).toBe(1);
});

test('the line goes through the best so far only', () => {
  const line = layout(
    [trial(0, 0.2, { best: true }), trial(1, 0.3), trial(2, 0.1, { best: true })],
    'minimize',
    null,
    264
  ).line;
  expect(line.match(/V/g)).toHaveLength(1);
});

test('the nearest dot is found', () => {
  const { dots } = layout([trial(0, 0.1), trial(1, 0.2), trial(2, 0.1)], 'minimize', null, 264);
  expect(nearest(dots, dots[1].x + 3, dots[1].y - 2)).toBe(1);
  expect(nearest([], 0, 0)).toBe(-1);
});
