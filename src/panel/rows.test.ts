import { expect, test } from 'vitest';
import { mergeTrials } from './merging';
import { filterRows, sortRows, visibleWindow } from './rows';
import { trial } from './testing/fake';

const rows = [
  trial(0, 0.3, { title: 'Baseline' }),
  trial(1, null, { title: 'log target', message: 'ValueError: bad depth' }),
  trial(2, 0.1, { title: 'ratio', delta: 0.2, kept: true }),
  trial(3, 0.3, { title: 'clip', kind: 'post_processing', delta: -0.1 })
];
const numbers = (list: readonly { number: number }[]): number[] => list.map(row => row.number);

test('rows sort by a column either way, and those without a value come last', () => {
  expect(numbers(sortRows(rows, { key: 'value', descending: false }))).toEqual([2, 0, 3, 1]);
  expect(numbers(sortRows(rows, { key: 'value', descending: true }))).toEqual([0, 3, 2, 1]);
  expect(numbers(sortRows(rows, { key: 'title', descending: false }))).toEqual([0, 3, 1, 2]);
  expect(numbers(sortRows(rows, { key: 'number', descending: true }))).toEqual([3, 2, 1, 0]);
});

test('sorting leaves the given rows as they are', () => {
  sortRows(rows, { key: 'value', descending: true });
  expect(numbers(rows)).toEqual([0, 1, 2, 3]);
});

test('a filter needs every word, in title, kind, message or number', () => {
  expect(numbers(filterRows(rows, 'LOG depth', 'all'))).toEqual([1]);
  expect(numbers(filterRows(rows, 'post processing', 'all'))).toEqual([3]);
  expect(numbers(filterRows(rows, '  ', 'all'))).toEqual([0, 1, 2, 3]);
  expect(filterRows(rows, 'nowhere', 'all')).toEqual([]);
});

test('a filter by sort', () => {
  expect(numbers(filterRows(rows, '', 'better'))).toEqual([2]);
  expect(numbers(filterRows(rows, '', 'failed'))).toEqual([1]);
  expect(numbers(filterRows(rows, '', 'kept'))).toEqual([2]);
});

test('only rows in sight are drawn, wherever the table is scrolled', () => {
  expect(visibleWindow(0, 260, 26, 10_000, 8)).toEqual({ first: 0, last: 18 });
  expect(visibleWindow(26 * 5000, 260, 26, 10_000, 8)).toEqual({ first: 4992, last: 5018 });
  expect(visibleWindow(26 * 9990, 260, 26, 10_000, 8)).toEqual({ first: 9982, last: 10_000 });
  expect(visibleWindow(-40, 260, 26, 3, 8)).toEqual({ first: 0, last: 3 });
});

test('after a filter the window never lies beyond the rows', () => {
  const { first, last } = visibleWindow(26 * 5000, 260, 26, 4, 8);
  expect(first).toBeLessThanOrEqual(last);
  expect(last).toBe(4);
});

test('trials follow the messages: new ones join, changed ones replace, all start again', () => {
  const held = [trial(0, 0.3), trial(1, null, { status: 'running' })];
  const merged = mergeTrials(held, { type: 'trials', all: false, rows: [trial(2, 0.2), trial(1, 0.25)] });
  expect(merged.map(row => [row.number, row.value])).toEqual([
    [0, 0.3],
    [1, 0.25],
    [2, 0.2]
  ]);
  expect(held).toHaveLength(2);
  expect(numbers(mergeTrials(merged, { type: 'trials', all: true, rows: [trial(7, 1)] }))).toEqual([7]);
});
