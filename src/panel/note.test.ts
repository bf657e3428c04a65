import { expect, test } from 'vitest';
import { escapeMarkdown, ideaMarkdown, ideaText, rationaleBeyond } from './note';
import { FakeHost, idea } from './testing/fake';

const t = new FakeHost().t;

test.each([
  ['<img src=x onerror=alert(1)>', '&lt;img src=x onerror=alert\\(1\\)&gt;'],
  ['[click](javascript:alert(1))', '\\[click\\]\\(javascript\\:alert\\(1\\)\\)'],
  ['see https://evil.example', 'see https\\://evil.example'],
  ['www.evil.example', 'www\\.evil.example'],
  ['a\n\n# b', 'a \\# b'],
  ['&lt;b&gt;', '&amp;lt;b&amp;gt;'],
  ['$x$ `y` *z* a@b.c', '\\$x\\$ \\`y\\` \\*z\\* a\\@b.c']
])('%j does nothing in Markdown', (text, escaped) => {
  expect(escapeMarkdown(text)).toBe(escaped);
});

test('a note has title, evidence, reason and steps', () => {
  expect(
    ideaMarkdown(idea({ title: 'Take logs', evidence: ['skew 1.7'], rationale: 'Why', steps: ['one', 'two'] }), t)
  ).toBe('**Idea\\: Take logs**\n\n- skew 1.7\n\nWhy\n\n1. one\n2. two');
});

test('the copy of an idea is its plain words', () => {
  expect(ideaText(idea({ title: 'Take logs', evidence: ['skew 1.7'], rationale: '', steps: ['one'] }))).toBe(
    'Take logs\n- skew 1.7\n1. one'
  );
});

test('the reason does not say again what the evidence says', () => {
  const evidence = ['all columns are numbers', '300 rows'];
  const beyond = (rationale: string): string => rationaleBeyond(idea({ evidence, rationale }));
  expect(beyond('All columns are numbers; 300 rows. A smooth law fits.')).toBe('A smooth law fits.');
  expect(beyond('A smooth law fits.')).toBe('A smooth law fits.');
  expect(rationaleBeyond(idea({ evidence: [], rationale: 'Why' }))).toBe('Why');
});
