/** What is sent: the Brief as it would go out now, and as it last went. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { PanelState } from '../protocol';
import { useFetched, useHost, useTranslator } from './context';
import { formatMoment } from './format';
import { Details, IconButton } from './parts';
import { Code } from './Trials';

/** The Brief, behind one line that says how long it is. */
export function Brief({ state }: { state: PanelState }): JSX.Element {
  const t = useTranslator();
  return (
    <Details
      title={t('What is sent')}
      aside={state.brief_tokens > 0 ? t('%1 tokens', state.brief_tokens.toLocaleString()) : undefined}
      testid="mij-brief"
    >
      <BriefText sent={state.brief_sent} />
    </Details>
  );
}

function BriefText({ sent }: { sent: number }): JSX.Element {
  const host = useHost();
  const t = useTranslator();
  const [what, setWhat] = useState<'brief' | 'brief_sent'>('brief');
  const [again, setAgain] = useState(0);
  const { text, error, waiting } = useFetched(what, '', what === 'brief' ? again : sent + again);
  return (
    <>
      <div class="mij-row">
        <select
          value={what}
          aria-label={t('Which Brief')}
          data-testid="mij-brief-which"
          onChange={event => setWhat(event.currentTarget.value as typeof what)}
        >
          <option value="brief">{t('would be sent now')}</option>
          <option value="brief_sent" disabled={!sent}>
            {sent ? t('was sent at %1', formatMoment(sent)) : t('nothing was sent yet')}
          </option>
        </select>
        <span class="mij-space" />
        {text && <IconButton icon="copy" label={t('Copy')} onClick={() => host.actions.copy(text)} />}
        <IconButton icon="refresh" label={t('Read it again')} onClick={() => setAgain(again + 1)} />
      </div>
      {error && (
        <p class="mij-fault" role="alert">
          {error}
        </p>
      )}
      {waiting ? <p class="mij-faint">{t('Loading…')}</p> : !error && <Code text={text} testid="mij-brief-text" />}
    </>
  );
}
