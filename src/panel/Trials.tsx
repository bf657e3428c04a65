/** All trials: filtered, sorted, exported; a trial's source and diff on demand. */

import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { PanelState, TrialView } from '../protocol';
import { isLive, reason, useFetched, useHost, useTranslator } from './context';
import { type Goal, showUnseen } from './format';
import { IconButton, Section } from './parts';
import { filterRows, type Sorting, sortRows, type Which } from './rows';
import { TrialTable } from './TrialTable';

/** Fewer rows than this need no filter. */
const FILTER_FROM = 6;

export interface Shown {
  what: 'source' | 'diff' | 'solution';
  trial: Pick<TrialView, 'id' | 'number'>;
}

/** The section with the table. */
export function Trials(props: {
  state: PanelState | null;
  trials: readonly TrialView[];
  goal: Goal;
}): JSX.Element | null {
  const { state, trials, goal } = props;
  const host = useHost();
  const t = useTranslator();
  const [sorting, setSorting] = useState<Sorting>({ key: 'number', descending: true });
  const [text, setText] = useState('');
  const [which, setWhich] = useState<Which>('all');
  const [shown, setShown] = useState<Shown | null>(null);
  const [fault, setFault] = useState('');
  const rows = useMemo(() => sortRows(filterRows(trials, text, which), sorting), [trials, text, which, sorting]);
  if (!trials.length) {
    return null;
  }
  const better = state?.improved ?? 0;
  const count = trials.length.toLocaleString();
  const save = (what: 'csv' | 'json', mime: string): void => {
    setFault('');
    host.fetch(what).then(
      content => host.actions.download(`${host.title.replace(/\.ipynb$/, '')}-trials.${what}`, content, mime),
      (error: unknown) => setFault(reason(error))
    );
  };
  return (
    <Section
      title={better ? t('Trials (%1, %2 better)', count, better.toLocaleString()) : t('Trials (%1)', count)}
      aside={
        isLive(host) && (
          <span class="mij-aside">
            <button
              type="button"
              class="mij-link"
              data-testid="mij-export-csv"
              title={t('Save all trials as CSV')}
              onClick={() => save('csv', 'text/csv')}
            >
              CSV
            </button>{' '}
            <button
              type="button"
              class="mij-link"
              data-testid="mij-export-json"
              title={t('Save the whole history as JSON')}
              onClick={() => save('json', 'application/json')}
            >
              JSON
            </button>
          </span>
        )
      }
    >
      {fault && (
        <p class="mij-fault" role="alert">
          {fault}
        </p>
      )}
      {trials.length >= FILTER_FROM && (
        <div class="mij-row mij-filter">
          <input
            type="search"
            value={text}
            placeholder={t('Filter')}
            aria-label={t('Filter the trials by words')}
            data-testid="mij-filter"
            onInput={event => setText(event.currentTarget.value)}
          />
          <select
            value={which}
            aria-label={t('Which trials')}
            data-testid="mij-filter-which"
            onChange={event => setWhich(event.currentTarget.value as Which)}
          >
            <option value="all">{t('all')}</option>
            <option value="better">{t('better')}</option>
            <option value="failed">{t('failed')}</option>
            <option value="kept">{t('kept')}</option>
          </select>
        </div>
      )}
      <TrialTable rows={rows} goal={goal} sorting={sorting} onSort={setSorting} onShow={setShown} />
      {!rows.length && <p class="mij-faint mij-pad">{t('No trial matches the filter.')}</p>}
      {shown && <Source key={shown.trial.id + shown.what} shown={shown} onClose={() => setShown(null)} />}
    </Section>
  );
}

/** A trial's code, to look at and to copy. */
export function Source({ shown, onClose }: { shown: Shown; onClose(): void }): JSX.Element {
  const host = useHost();
  const t = useTranslator();
  const { text, error, waiting } = useFetched(shown.what, shown.trial.id);
  const { number } = shown.trial;
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.scrollIntoView?.({ block: 'nearest' }), [waiting]);
  const title = {
    source: t('Trial %1: source', number),
    diff: t('Trial %1: difference to the best', number),
    solution: t('Trial %1: solution, to copy into a cell', number)
  }[shown.what];
  return (
    <div ref={box} class="mij-boxed" data-testid="mij-detail" role="region" aria-label={title}>
      <div class="mij-row">
        <strong class="mij-ellipsis">{title}</strong>
        <span class="mij-space" />
        {text && (
          <IconButton icon="copy" label={t('Copy')} testid="mij-detail-copy" onClick={() => host.actions.copy(text)} />
        )}
        <IconButton icon="close" label={t('Close')} onClick={onClose} />
      </div>
      {error && (
        <p class="mij-fault" role="alert">
          {error}
        </p>
      )}
      {waiting && <p class="mij-faint">{t('Loading…')}</p>}
      {!waiting && !error && <Code text={text || t('No difference.')} diff={shown.what === 'diff'} />}
    </div>
  );
}

/** Code as text; the lines of a diff in its colours. */
export function Code({ text, diff, testid }: { text: string; diff?: boolean; testid?: string }): JSX.Element {
  return (
    <pre tabIndex={0} data-testid={testid}>
      {diff
        ? showUnseen(text)
            .split('\n')
            .map((line, i) => (
              <span
                key={i}
                class={line.startsWith('+') ? 'mij-added' : line.startsWith('-') ? 'mij-removed' : undefined}
              >
                {`${line}\n`}
              </span>
            ))
        : showUnseen(text)}
    </pre>
  );
}
