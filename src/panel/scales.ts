/** The arithmetic of the score plot: which range it shows, where its ticks are, how the best-so-far line steps. */

export type Range = readonly [low: number, high: number];

/** How many typical deviations from the middle a score may lie before it is drawn at the edge. */
const REACH = 6;
/** Beyond this, arithmetic on scores may overflow; such a score is drawn at the edge. */
const LARGEST = 1e150;

const usable = (value: number): boolean => Math.abs(value) < LARGEST;

function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const ascending = (a: number, b: number): number => a - b;

/**
 * Returns the range to show for these scores. One terrible score must not flatten the others, so what lies far
 * from the middle is left out; `always` are scores that are shown wherever they lie.
 */
export function robustRange(values: readonly number[], always: readonly number[] = []): Range {
  const finite = values.filter(usable).sort(ascending);
  if (!finite.length) {
    return [0, 1];
  }
  const middle = median(finite);
  const away = finite.map(value => Math.abs(value - middle)).sort(ascending);
  const typical = median(away) || away.find(distance => distance > 0) || 0;
  const shown = finite.filter(value => Math.abs(value - middle) <= REACH * typical);
  const all = [...shown, ...always.filter(usable)];
  const low = all.reduce((a, b) => Math.min(a, b), Infinity);
  const high = all.reduce((a, b) => Math.max(a, b), -Infinity);
  const pad = (high - low) * 0.06 || Math.abs(high) * 0.05 || 0.5;
  return [low - pad, high + pad];
}

/** Returns a function from a value to a pixel; values out of range land on the edge. */
export function linear(from: Range, to: Range): (value: number) => number {
  const [low, high] = from;
  const [start, end] = to;
  return value => {
    const part = (value - low) / (high - low || 1);
    return start + Math.min(1, Math.max(0, part)) * (end - start);
  };
}

/** Returns round values within the range, about `count` of them. */
export function ticks(range: Range, count: number): number[] {
  const [low, high] = range;
  const rough = (high - low) / Math.max(1, count);
  if (!(rough > 0) || !Number.isFinite(rough)) {
    return [];
  }
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find(factor => factor * power >= 0.7 * rough) ?? 10);
  const first = Math.ceil(low / step);
  const last = Math.floor(high / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

/** Returns labels for ticks, with just the decimals that tell them apart. */
export function tickLabels(values: readonly number[]): string[] {
  const step = values.length > 1 ? Math.abs(values[1] - values[0]) : Math.abs(values[0] ?? 1);
  const power = step > 0 ? Math.floor(Math.log10(step) + 1e-9) : 0;
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const plain = power >= -4 && largest < 1e5;
  return values.map(value => {
    const text = plain ? value.toFixed(Math.max(0, -power)) : value.toExponential(1);
    return text.replace(/-/g, '\u2212');
  });
}

/** Returns an SVG path that holds each point's height until the next one, and the last until `end`. */
export function stepPath(points: readonly { x: number; y: number }[], end: number): string {
  if (!points.length) {
    return '';
  }
  const [first, ...rest] = points;
  const steps = rest.map(point => `H${round(point.x)}V${round(point.y)}`).join('');
  return `M${round(first.x)} ${round(first.y)}${steps}H${round(end)}`;
}

/** Returns a pixel position short enough for an attribute. */
export function round(pixel: number): number {
  return Math.round(pixel * 10) / 10;
}
