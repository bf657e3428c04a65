import { expect, test } from 'vitest';
import { linear, robustRange, stepPath, tickLabels, ticks } from './scales';

test('one terrible score does not flatten the others', () => {
  const [low, high] = robustRange([0.12, 0.11, 0.115, 5000]);
  expect(low).toBeLessThan(0.11);
  expect(high).toBeGreaterThan(0.12);
  expect(high).toBeLessThan(1);
});

test('a terrible score among equal ones is left out too', () => {
  expect(robustRange([0.1, 0.1, 0.1, 0.1, 0.12, 5000])[1]).toBeLessThan(1);
});

test('scores that must show are in the range', () => {
  const [low] = robustRange([0.5, 0.51, 0.5, 0.52, 0.01], [0.01]);
  expect(low).toBeLessThan(0.01);
});

test('a range of one score, or of none, is still a range', () => {
  for (const values of [[], [0], [3], [-2, -2], [NaN, Infinity], [1e308, -1e308], [1e308, 1], [5e-324]]) {
    const [low, high] = robustRange(values);
    expect(high).toBeGreaterThan(low);
    expect(Number.isFinite(high - low)).toBe(true);
    expect(Number.isFinite(linear([low, high], [0, 100])(1e308))).toBe(true);
  }
});

test('a scale maps its ends, upside down too, and holds what is beyond at the edge', () => {
  const y = linear([0, 10], [100, 0]);
  expect([y(0), y(5), y(10), y(99), y(-1)]).toEqual([100, 50, 0, 0, 100]);
});

test('ticks are round, within the range, and about as many as asked for', () => {
  expect(ticks([0.113, 0.129], 3)).toEqual([0.115, 0.12, 0.125].map(value => expect.closeTo(value, 9)));
  for (const range of [
    [0, 1],
    [-3, 4],
    [1e-7, 9e-7],
    [26000, 145000]
  ] as const) {
    const found = ticks(range, 3);
    expect(found.length).toBeGreaterThanOrEqual(1);
    expect(found.length).toBeLessThanOrEqual(5);
    expect(found.every(tick => tick >= range[0] && tick <= range[1])).toBe(true);
  }
  expect(ticks([1, 1], 3)).toEqual([]);
});

test('labels have the decimals that tell ticks apart', () => {
  expect(tickLabels([0.12, 0.125, 0.13])).toEqual(['0.120', '0.125', '0.130']);
  expect(tickLabels([-2, 0, 2])).toEqual(['−2', '0', '2']);
  expect(tickLabels([100000, 200000])).toEqual(['1.0e+5', '2.0e+5']);
});

test('the best-so-far line holds each height until the next', () => {
  expect(stepPath([], 9)).toBe('');
  expect(
    stepPath(
      [
        { x: 1, y: 5 },
        { x: 4, y: 2 }
      ],
      9
    )
  ).toBe('M1 5H4V2H9');
});
