/** What is sent: the Brief as it would go out now, and as it last went. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { PanelState } from '../protocol';
import { useFetched, useHost, useTranslator } from './context';
import { formatMoment } from './format';
import { Details, Field, IconButton } from './parts';
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
      <Told state={state} />
      <BriefText sent={state.brief_sent} chosen={`${state.brief_level} ${state.brief_without.join()}`} />
    </Details>
  );
}

const LEVELS = ['full', 'standard', 'brief'] as const;

/** How much agents are told, and what they are not. */
function Told({ state }: { state: PanelState }): JSX.Element {
  const host = useHost();
  const t = useTranslator();
  const levels = { full: t('much'), standard: t('the usual'), brief: t('little') };
  const names: Record<string, string> = {
    profile: t('the data in figures'),
    libraries: t('installed libraries'),
    gpus: t('GPUs'),
    resident: t('tensors and models in memory'),
    out_of_memory: t('what last ran out of memory'),
    source: t('code of the solution')
  };
  const without = state.brief_without;
  return (
    <div class="mij-form">
      <Field label={t('Agents get')}>
        <select
          value={state.brief_level}
          data-testid="mij-brief-level"
          onChange={event =>
            host.send({ type: 'choose', brief_level: event.currentTarget.value as (typeof LEVELS)[number] })
          }
        >
          {LEVELS.map(level => (
            <option key={level} value={level}>
              {levels[level]}
            </option>
          ))}
        </select>
      </Field>
      <fieldset class="mij-field mij-top">
        <legend>{t('With')}</legend>
        <span class="mij-checks">
          {state.brief_parts.map(part => (
            <label key={part}>
              <input
                type="checkbox"
                data-testid={`mij-brief-part-${part}`}
                checked={!without.includes(part)}
                onChange={event =>
                  host.send({
                    type: 'choose',
                    brief_without: event.currentTarget.checked
                      ? without.filter(one => one !== part)
                      : [...without, part]
                  })
                }
              />
              <span>{names[part] ?? part}</span>
            </label>
          ))}
        </span>
      </fieldset>
    </div>
  );
}

function BriefText({ sent, chosen }: { sent: number; chosen: string }): JSX.Element {
  const host = useHost();
  const t = useTranslator();
  const [what, setWhat] = useState<'brief' | 'brief_sent'>('brief');
  const [again, setAgain] = useState(0);
  const { text, error, waiting } = useFetched(what, '', what === 'brief' ? chosen + again : sent + again);
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
