/** Offers to score models of the user's own in the same way as the trials, so that they compare. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { PanelState } from '../protocol';
import { useHost, useTranslator } from './context';
import { Button } from './parts';

/** One line for the fitted estimators of the kernel that have no comparable score yet. */
export function OwnModels({ state }: { state: PanelState }): JSX.Element | null {
  const host = useHost();
  const t = useTranslator();
  const [chosen, setChosen] = useState('');
  const names = state.estimators;
  const name = names.includes(chosen) ? chosen : names[0];
  if (!state.task || name === undefined) {
    return null;
  }
  return (
    <div class="mij-row mij-wrap mij-pad" data-testid="mij-own-models">
      <span class="mij-faint">{t('Your model')}</span>
      {names.length > 1 ? (
        <select value={name} aria-label={t('Which of your models')} onChange={e => setChosen(e.currentTarget.value)}>
          {names.map(one => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      ) : (
        <code class="mij-ellipsis">{name}</code>
      )}
      <Button
        testid="mij-rescore"
        hint={t('Fit it anew in each fold of %1, so that its score compares with the trials', state.task.protocol)}
        disabled={state.activity !== 'idle'}
        onClick={() => host.send({ type: 'rescore', estimator: name, after: host.anchor() })}
      >
        {t('Score it the same way')}
      </Button>
    </div>
  );
}
