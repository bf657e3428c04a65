/** Ideas as cards: what to do, and why; the steps on demand. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { IdeaView } from '../protocol';
import { isLive, useHost, useTranslator } from './context';
import { Icon } from './icons';
import { kindName } from './kinds';
import { ideaMarkdown, ideaText, rationaleBeyond } from './note';
import { Button, Details, IconButton, Section } from './parts';

const FEW = 4;

/** Draws the ideas, the first few of them at once; those dismissed wait behind a line of their own. */
export function Ideas({ ideas, growing }: { ideas: readonly IdeaView[]; growing: string }): JSX.Element | null {
  const t = useTranslator();
  const [all, setAll] = useState(false);
  const open = ideas.filter(idea => !idea.dismissed);
  const dismissed = ideas.filter(idea => idea.dismissed);
  if (!ideas.length && !growing) {
    return null;
  }
  return (
    <Section title={t('Ideas')}>
      {growing && <Growing text={growing} />}
      {(all ? open : open.slice(0, FEW)).map(idea => (
        <IdeaCard key={idea.id} idea={idea} />
      ))}
      {open.length > FEW && (
        <button type="button" class="mij-link mij-pad" onClick={() => setAll(!all)}>
          {all ? t('Show fewer') : t('Show all %1', open.length)}
        </button>
      )}
      {dismissed.length > 0 && (
        <Details faint testid="mij-dismissed" title={t('Dismissed (%1)', dismissed.length)}>
          {dismissed.map(idea => (
            <Dismissed key={idea.id} idea={idea} />
          ))}
        </Details>
      )}
    </Section>
  );
}

/** An idea while it is being said. */
function Growing({ text }: { text: string }): JSX.Element {
  const t = useTranslator();
  const [title, ...rest] = text.split('\n');
  return (
    <article class="mij-card" data-testid="mij-growing" aria-busy="true" aria-label={t('An idea is coming')}>
      <div class="mij-card-top">
        <span class="mij-pulse" aria-hidden="true" /> {t('An idea is coming')}
      </div>
      <h4>{title}</h4>
      {rest.length > 0 && <p class="mij-rationale mij-lines">{rest.join('\n')}</p>}
    </article>
  );
}

/** Draws one idea; one that is only `shown` has no buttons that ask something of the kernel. */
export function IdeaCard({ idea, shown = false }: { idea: IdeaView; shown?: boolean }): JSX.Element {
  const host = useHost();
  const t = useTranslator();
  const { insertNote, copy } = host.actions;
  const live = isLive(host);
  const asks = !shown && !host.stale;
  const rationale = rationaleBeyond(idea);
  return (
    <article class="mij-card" data-testid="mij-idea-card" data-idea={idea.id} aria-label={idea.title}>
      <div class="mij-card-top">
        <Icon name={idea.kind} />
        <span class="mij-ellipsis">{kindName(idea.kind, t)}</span>
        <span
          class="mij-aside"
          title={
            idea.number
              ? t('Idea %1; to write it yourself, begin a cell with %2', idea.number, `%%implement ${idea.number}`)
              : undefined
          }
        >
          {[idea.number || '', idea.trial === null ? idea.ideator : t('trial %1', idea.trial)]
            .filter(Boolean)
            .join(' · ')}
        </span>
      </div>
      <h4>{idea.title}</h4>
      {idea.evidence.length > 0 && (
        <ul class="mij-evidence">
          {idea.evidence.map((line, i) => (
            <li key={i}>{line}</li>
          ))}
        </ul>
      )}
      {rationale && <p class="mij-rationale">{rationale}</p>}
      {idea.steps.length > 0 && (
        <Details quiet title={t('Steps (%1)', idea.steps.length)}>
          <ol>
            {idea.steps.map((step, i) => (
              <li key={i}>{step}</li>
            ))}
          </ol>
        </Details>
      )}
      <div class="mij-row mij-card-actions">
        {asks && (
          <Button
            testid="mij-try"
            disabled={!live}
            onClick={() => host.send({ type: 'try_idea', idea: idea.id, after: host.anchor() })}
          >
            {idea.trial === null ? t('Try it') : t('Try again')}
          </Button>
        )}
        {insertNote && (
          <IconButton
            icon="note"
            label={t('Insert as note')}
            testid="mij-note"
            onClick={() => insertNote(ideaMarkdown(idea, t))}
          />
        )}
        <IconButton icon="copy" label={t('Copy')} testid="mij-copy" onClick={() => copy(ideaText(idea))} />
        {asks && <Opinion idea={idea} />}
      </div>
    </article>
  );
}

/** A dismissed idea, which can be brought back. */
function Dismissed({ idea }: { idea: IdeaView }): JSX.Element {
  const host = useHost();
  const t = useTranslator();
  return (
    <div class="mij-row">
      <span class="mij-ellipsis" title={idea.title}>
        {idea.title}
      </span>
      <span class="mij-space" />
      <Button
        testid="mij-bring-back"
        disabled={!isLive(host)}
        onClick={() => host.send({ type: 'mark_idea', idea: idea.id, vote: null, dismissed: false })}
      >
        {t('Bring back')}
      </Button>
    </div>
  );
}

/** What the user thinks of an idea. */
function Opinion({ idea }: { idea: IdeaView }): JSX.Element {
  const host = useHost();
  const t = useTranslator();
  const live = isLive(host);
  const mark = (change: { vote?: number; dismissed?: boolean }): void =>
    host.send({ type: 'mark_idea', idea: idea.id, vote: null, dismissed: null, ...change });
  const vote = (value: number): void => mark({ vote: idea.vote === value ? 0 : value });
  return (
    <>
      <span class="mij-space" />
      <IconButton
        icon="up"
        label={t('Good idea')}
        testid="mij-vote-up"
        pressed={idea.vote > 0}
        disabled={!live}
        onClick={() => vote(1)}
      />
      <IconButton
        icon="down"
        label={t('Bad idea')}
        testid="mij-vote-down"
        pressed={idea.vote < 0}
        disabled={!live}
        onClick={() => vote(-1)}
      />
      <IconButton
        icon="close"
        label={t('Dismiss')}
        testid="mij-dismiss"
        disabled={!live}
        onClick={() => mark({ dismissed: true })}
      />
    </>
  );
}
