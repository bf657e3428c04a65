/** An idea as text for the clipboard, and as a Markdown note that shows the idea's words and does nothing else. */

import type { IdeaView } from '../protocol';

type Translate = (text: string, ...values: (string | number)[]) => string;

/**
 * Returns Markdown that shows this text as it is. An idea's text may come from a hostile notebook, and notebooks
 * render Markdown with HTML, links and command links in it.
 */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[\\`*_{}[\]()#|~$!^:@]/g, '\\$&')
    .replace(/\bwww\./gi, match => match.replace('.', '\\.'))
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;');
}

/** Returns the rationale without the words at its beginning that only repeat the evidence, which stands before it. */
export function rationaleBeyond({ rationale, evidence }: IdeaView): string {
  const said = evidence.join('; ').toLowerCase();
  if (!said || !rationale.toLowerCase().startsWith(said)) {
    return rationale;
  }
  return rationale.slice(said.length).replace(/^[\s.;,:]+/, '');
}

/** Returns the idea as a Markdown note. */
export function ideaMarkdown(idea: IdeaView, t: Translate): string {
  const list = (lines: readonly string[]): string[] => lines.map(line => `- ${escapeMarkdown(line)}`);
  const rationale = rationaleBeyond(idea);
  return [
    `**${escapeMarkdown(t('Idea: %1', idea.title))}**`,
    ...(idea.evidence.length ? ['', ...list(idea.evidence)] : []),
    ...(rationale ? ['', escapeMarkdown(rationale)] : []),
    ...(idea.steps.length ? ['', ...idea.steps.map((step, i) => `${i + 1}. ${escapeMarkdown(step)}`)] : [])
  ].join('\n');
}

/** Returns the idea as plain text. */
export function ideaText(idea: IdeaView): string {
  return [
    idea.title,
    ...idea.evidence.map(line => `- ${line}`),
    rationaleBeyond(idea),
    ...idea.steps.map((step, i) => `${i + 1}. ${step}`)
  ]
    .filter(Boolean)
    .join('\n');
}
