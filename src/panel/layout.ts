/** Where everything in the score plot lies: pure arithmetic from trials to pixels. */

import type { TrialView } from '../protocol';
import type { Goal } from './format';
import { linear, robustRange, stepPath, tickLabels, ticks } from './scales';

/** What a dot says: a score, the best so far, one beyond the shown range, no score, or not over yet. */
export type Mark = 'score' | 'best' | 'above' | 'below' | 'failed' | 'running' | 'other';

export interface Dot {
  trial: TrialView;
  x: number;
  y: number;
  mark: Mark;
}

/** Scores that compare only with each other, drawn in a strip and on a scale of their own. */
export interface Strip {
  series: string;
  /** The upper edge. */
  top: number;
}

export interface Layout {
  height: number;
  dots: Dot[];
  /** The best-so-far line as an SVG path. */
  line: string;
  ticks: { y: number; label: string }[];
  baseline: number | null;
  strips: Strip[];
  /** Series that found no room. */
  hidden: number;
}

export const LEFT = 46;
const RIGHT = 8;
const TOP = 6;
const MAIN = 92;
const FAILED = 14;
const STRIP = 38;
/** Height of a strip's name, above its dots. */
const NAME = 13;
const STRIPS = 2;
const LETTER = 6.5;

const scored = (trial: TrialView): boolean => trial.status === 'scored' && trial.value !== null;

/** Returns the plot of these trials, which are in the order of their numbers. */
export function layout(trials: readonly TrialView[], goal: Goal, baseline: number | null, width: number): Layout {
  const own = trials.filter(trial => scored(trial) && trial.series === '');
  const values = own.map(trial => trial.value as number);
  const best = values.reduce<number | null>(
    (a, b) => (a === null || (goal === 'minimize' ? b < a : b > a) ? b : a),
    null
  );
  const range = robustRange(values, best === null ? [] : [best]);
  const right = Math.max(LEFT + 1, width - RIGHT);
  const x = linear([0, Math.max(1, trials.length - 1)], [LEFT + 4, right]);
  const y = linear(range, [TOP + MAIN, TOP]);
  const floor = TOP + MAIN + FAILED - 4;

  const series = [...new Set(trials.filter(scored).map(trial => trial.series))].filter(Boolean);
  const strips = series.slice(0, STRIPS).map((name, i) => {
    const top = TOP + MAIN + FAILED + 4 + i * STRIP;
    const rows = trials.filter(trial => scored(trial) && trial.series === name);
    const stripRange = robustRange(rows.map(trial => trial.value as number));
    return { series: name, top, y: linear(stripRange, [top + STRIP - 4, top + NAME + 4]) };
  });

  const dots: Dot[] = [];
  trials.forEach((trial, i) => {
    const at = { trial, x: x(i) };
    const value = trial.value;
    if (!scored(trial) || value === null) {
      dots.push({ ...at, y: floor, mark: trial.status === 'running' ? 'running' : 'failed' });
    } else if (trial.series === '') {
      const plain = trial.best ? 'best' : 'score';
      const mark = value > range[1] ? 'above' : value < range[0] ? 'below' : plain;
      dots.push({ ...at, y: y(value), mark });
    } else {
      const strip = strips.find(one => one.series === trial.series);
      if (strip) {
        dots.push({ ...at, y: strip.y(value), mark: 'other' });
      }
    }
  });

  const shown = ticks(range, 3);
  const labels = tickLabels(shown);
  return {
    height: TOP + MAIN + FAILED + (strips.length ? 4 + strips.length * STRIP : 0),
    dots,
    line: stepPath(
      dots.filter(dot => dot.trial.best && dot.trial.series === ''),
      right
    ),
    ticks: own.length ? shown.map((value, i) => ({ y: y(value), label: labels[i] })) : [],
    baseline: baseline !== null && baseline >= range[0] && baseline <= range[1] ? y(baseline) : null,
    strips: strips.map(({ series: name, top }) => ({ series: name, top })),
    hidden: series.length - strips.length
  };
}

/** Returns as much of a name as a plot of this width has room for. */
export function fitting(name: string, width: number): string {
  const room = Math.max(6, Math.floor(width / LETTER));
  return name.length > room ? `${name.slice(0, room - 1)}…` : name;
}

/** Returns the index of the dot nearest to a point, -1 when there is none. */
export function nearest(dots: readonly Dot[], x: number, y: number): number {
  let found = -1;
  let least = Infinity;
  dots.forEach((dot, i) => {
    const distance = (dot.x - x) ** 2 + (dot.y - y) ** 2;
    if (distance < least) {
      least = distance;
      found = i;
    }
  });
  return found;
}
