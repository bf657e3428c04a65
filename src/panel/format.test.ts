import { expect, test } from 'vitest';
import { formatChange, formatMoment, formatMoney, formatScore, formatSeconds, showUnseen } from './format';

test.each([
  [0.11643, '0.1164'],
  [0.011643, '0.01164'],
  [0.98765, '0.9877'],
  [1, '1.0000'],
  [12.3456, '12.346'],
  [26533.42, '26533'],
  [1234567, '1234567'],
  [0, '0.0000'],
  [-0.5, '−0.5000'],
  [0.000001234, '1.234e−6'],
  [12345678, '1.235e+7'],
  [null, '–'],
  [NaN, '–'],
  [-Infinity, '−∞']
])('a score of %s is shown as %s', (value, text) => {
  expect(formatScore(value)).toBe(text);
});

test('a change has the sign of the metric, not of the improvement', () => {
  expect(formatChange(0.0119, 'minimize')).toBe('−0.0119');
  expect(formatChange(0.0119, 'maximize')).toBe('+0.0119');
  expect(formatChange(-0.5, 'minimize')).toBe('+0.500');
});

test('a change has the decimals of its score, and more where these would show nothing', () => {
  expect(formatChange(0.0081234, 'maximize', 0.1201)).toBe('+0.0081');
  expect(formatChange(0.0000123, 'maximize', 0.1201)).toBe('+0.00001');
  expect(formatChange(0.0000000012, 'maximize', 0.1201)).toBe('+1.2e−9');
  expect(formatChange(123.4, 'minimize', 26533)).toBe('−123');
});

test('where there is no change to speak of there is none', () => {
  expect(formatChange(null, 'minimize')).toBe('');
  expect(formatChange(NaN, 'minimize')).toBe('');
  expect(formatChange(0, 'minimize', 0.1)).toBe('0');
});

test.each([
  [0.42, '0.4 s'],
  [9.96, '10 s'],
  [99.4, '99 s'],
  [120, '2 min'],
  [5400, '90 min'],
  [7200, '2.0 h']
])('%s seconds are shown as %s', (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});

test('money keeps its first digit', () => {
  expect(formatMoney(1.5)).toBe('$1.50');
  expect(formatMoney(0.004)).toBe('$0.004');
  expect(formatMoney(0)).toBe('$0.00');
});

test('a moment of another day says the day', () => {
  const noon = new Date(2026, 10, 23, 12, 0);
  const earlier = new Date(2026, 10, 22, 12, 0);
  const clock = formatMoment(noon.getTime() / 1000, noon);
  expect(formatMoment(earlier.getTime() / 1000, noon)).toContain(clock);
  expect(formatMoment(earlier.getTime() / 1000, noon).length).toBeGreaterThan(clock.length);
});

test('code shows what would hide or reorder it, and keeps its lines and tabs', () => {
  expect(showUnseen('a\u202eb\u200bc\u0000')).toBe('a⟨U+202E⟩b⟨U+200B⟩c⟨U+0000⟩');
  expect(showUnseen('if x:\n\treturn "é → 中"')).toBe('if x:\n\treturn "é → 中"');
});
