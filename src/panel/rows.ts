/** The trial table's rows: sorted, filtered, and only those in sight. */

import type { TrialView } from '../protocol';

export type SortKey = 'number' | 'title' | 'value' | 'delta' | 'seconds';
export type Which = 'all' | 'better' | 'failed' | 'kept';

export interface Sorting {
  key: SortKey;
  descending: boolean;
}

/**
 * Returns the rows in order. What has no score comes last either way; equal ones stay in the order of their
 * numbers.
 */
export function sortRows(rows: readonly TrialView[], { key, descending }: Sorting): TrialView[] {
  const sign = descending ? -1 : 1;
  return [...rows].sort((a, b) => {
    const left = a[key];
    const right = b[key];
    if (left === null || right === null) {
      return left === right ? a.number - b.number : left === null ? 1 : -1;
    }
    if (typeof left === 'string' || typeof right === 'string') {
      return sign * String(left).localeCompare(String(right)) || a.number - b.number;
    }
    return sign * (left - right) || a.number - b.number;
  });
}

/** Returns the rows of this sort that hold every word of `text` in their number, title, kind or message. */
export function filterRows(rows: readonly TrialView[], text: string, which: Which): TrialView[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter(row => {
    if (which === 'better' && !((row.delta ?? 0) > 0)) {
      return false;
    }
    if ((which === 'failed' && row.status !== 'failed') || (which === 'kept' && !row.kept)) {
      return false;
    }
    if (!words.length) {
      return true;
    }
    const held = `${row.number} ${row.title} ${row.kind.replace(/_/g, ' ')} ${row.message}`;
    const lower = held.toLowerCase();
    return words.every(word => lower.includes(word));
  });
}

export interface Window {
  /** The first row drawn, and the one after the last. */
  first: number;
  last: number;
}

/** Returns which rows to draw: those in sight, and some on either side. */
export function visibleWindow(
  scrolled: number,
  sight: number,
  rowHeight: number,
  count: number,
  spare: number
): Window {
  const top = Math.floor(Math.max(0, scrolled) / rowHeight);
  const bottom = Math.ceil((Math.max(0, scrolled) + sight) / rowHeight);
  const last = Math.min(count, bottom + spare);
  return { first: Math.max(0, Math.min(top - spare, last)), last };
}
