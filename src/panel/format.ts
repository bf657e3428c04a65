/** Numbers as the panel shows them: four to five significant digits, and a true minus sign. */

import type { TaskView } from '../protocol';

export type Goal = TaskView['goal'];

const MINUS = '\u2212';

function magnitude(value: number): number {
  return value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
}

function signed(text: string): string {
  return text.replace(/-/g, MINUS);
}

/** Returns a score: `0.1164`, `12.346`, `26533`, `1.235e−6`; a dash where there is none. */
export function formatScore(value: number | null): string {
  if (value === null || Number.isNaN(value)) {
    return '–';
  }
  if (!Number.isFinite(value)) {
    return value > 0 ? '∞' : `${MINUS}∞`;
  }
  const power = magnitude(value);
  if (value !== 0 && (power < -4 || power >= 7)) {
    return signed(value.toExponential(3));
  }
  return signed(value.toFixed(decimalsOf(value)));
}

/** Returns how many decimals a score of this size is shown with. */
function decimalsOf(value: number): number {
  const power = magnitude(value);
  return Math.max(0, power >= 1 ? 4 - power : power >= -1 ? 4 : 3 - power);
}

/**
 * Returns an improvement as the change of the metric itself, with its sign: an error that falls by 0.0119 is
 * `−0.0119`. It has the decimals of the score it belongs to, or more where these would show nothing. Nothing
 * where there is no improvement to speak of.
 */
export function formatChange(improvement: number | null, goal: Goal, score: number | null = null): string {
  if (improvement === null || !Number.isFinite(improvement)) {
    return '';
  }
  const change = goal === 'minimize' ? -improvement : improvement;
  if (change === 0) {
    return '0';
  }
  const size = Math.abs(change);
  const power = magnitude(size);
  const places = score === null ? 2 - power : Math.max(decimalsOf(score), -power);
  const text = power < -5 || power >= 7 ? size.toExponential(1) : size.toFixed(Math.max(0, Math.min(6, places)));
  return (change < 0 ? MINUS : '+') + signed(text);
}

/** Returns a time that a trial took or a run has left: `0.4 s`, `42 s`, `12 min`, `1.5 h`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) {
    return `${seconds.toFixed(1)} s`;
  }
  if (seconds < 99.5) {
    return `${Math.round(seconds)} s`;
  }
  return seconds < 5970 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** Returns US dollars; less than a cent keeps its first digit. */
export function formatMoney(dollars: number): string {
  const decimals = dollars > 0 && dollars < 0.01 ? Math.min(6, -magnitude(dollars)) : 2;
  return `$${dollars.toFixed(decimals)}`;
}

/** Returns a moment, given in Unix seconds, as the reader's clock would show it; the day too when it is another. */
export function formatMoment(time: number, now: Date = new Date()): string {
  const moment = new Date(time * 1000);
  const clock = moment.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  const today = moment.toDateString() === now.toDateString();
  return today ? clock : `${moment.toLocaleDateString()} ${clock}`;
}

/**
 * Returns code with its unseen characters written out: some of them reorder or hide what stands around them, and the
 * user is to see what would run.
 */
export function showUnseen(code: string): string {
  return code.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    character => `⟨U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`
  );
}

/** Returns the arrow that points where the metric should go. */
export function arrow(goal: Goal): string {
  return goal === 'minimize' ? '↓' : '↑';
}
