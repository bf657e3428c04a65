/** The first click: Get idea, and the way to the autopilot. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { PanelState } from '../protocol';
import { Autopilot } from './Autopilot';
import { isLive, useHost, useTranslator } from './context';
import { Icon } from './icons';
import { KINDS, kindName } from './kinds';
import { Button, Details, Field } from './parts';
import { Source } from './Trials';

const MOST = 10;

/** The buttons that start something, and what may be said with them. */
export function Ask({ state }: { state: PanelState | null }): JSX.Element {
  const host = useHost();
  const t = useTranslator();
  const [hint, setHint] = useState('');
  const [kinds, setKinds] = useState<readonly string[]>([]);
  const [n, setN] = useState(1);
  const [autopilot, setAutopilot] = useState(false);
  const [kept, setKept] = useState(false);
  const live = isLive(host);
  const inserts = state?.inserts !== false;
  const thinking = state?.activity === 'thinking' || state?.activity === 'looking';
  const flying = state?.run != null;
  const best = state?.best ?? null;
  const fresh = !state?.ideas.length && !host.trials.length && !state?.empty;
  const get = (): void => host.send({ type: 'get_idea', hint: hint.trim(), kinds: [...kinds], n });
  return (
    <div class="mij-ask">
      <div class="mij-row mij-wrap">
        <Button primary={!state?.empty} testid="mij-get-idea" disabled={!live || thinking} onClick={get}>
          {n > 1 ? t('Get %1 ideas', n) : t('Get idea')}
        </Button>
        {!flying && (
          <Button
            testid="mij-autopilot-toggle"
            expanded={autopilot}
            disabled={!live}
            onClick={() => setAutopilot(!autopilot)}
          >
            {t('Autopilot')} <span aria-hidden="true">{autopilot ? '▾' : '▸'}</span>
          </Button>
        )}
        {best && (
          <Button
            testid="mij-keep"
            hint={
              inserts
                ? t('Keep this solution: put the best one into the notebook as ordinary cells')
                : t('Keep this solution: show the best one as ordinary code, to copy into a cell')
            }
            disabled={!live}
            expanded={inserts ? undefined : kept}
            onClick={() =>
              inserts ? host.send({ type: 'keep_trial', trial: best.trial, after: host.anchor() }) : setKept(!kept)
            }
          >
            {t('Keep best')}
          </Button>
        )}
      </div>
      {best && kept && !inserts && live && (
        <Source
          key={best.trial}
          shown={{ what: 'solution', trial: { id: best.trial, number: best.number } }}
          onClose={() => setKept(false)}
        />
      )}
      {fresh && !autopilot && (
        <p class="mij-faint mij-first">
          {t('It looks at your data and proposes what to try next. Nothing runs before you say so.')}
        </p>
      )}
      {autopilot && live && !flying && (
        <Autopilot mode={state?.approval_mode ?? 'cell'} onStart={() => setAutopilot(false)} />
      )}
      <Details
        quiet
        testid="mij-options"
        title={hint || kinds.length ? t('Hint, kinds, number (set)') : t('Hint, kinds, number')}
      >
        <div
          class="mij-form"
          onKeyDown={event => {
            if (event.key === 'Enter' && event.target instanceof HTMLInputElement && live && !thinking) {
              get();
            }
          }}
        >
          <Field label={t('Hint')}>
            <input
              type="text"
              value={hint}
              maxLength={2000}
              data-testid="mij-hint"
              placeholder={t('e.g. “something about the dates”')}
              onInput={event => setHint(event.currentTarget.value)}
            />
          </Field>
          <fieldset class="mij-field">
            <legend>{t('Kinds')}</legend>
            <span class="mij-chips">
              {KINDS.map(kind => {
                const on = kinds.includes(kind);
                return (
                  <button
                    key={kind}
                    type="button"
                    class="mij-chip"
                    aria-pressed={on}
                    aria-label={kindName(kind, t)}
                    title={kindName(kind, t)}
                    data-testid={`mij-kind-${kind}`}
                    onClick={() => setKinds(on ? kinds.filter(one => one !== kind) : [...kinds, kind])}
                  >
                    <Icon name={kind} />
                  </button>
                );
              })}
            </span>
          </fieldset>
          <Field label={t('Number')}>
            <input
              type="number"
              min={1}
              max={MOST}
              value={n}
              data-testid="mij-number"
              onInput={event => setN(Math.min(MOST, Math.max(1, Math.round(event.currentTarget.valueAsNumber) || 1)))}
            />
          </Field>
        </div>
      </Details>
    </div>
  );
}
