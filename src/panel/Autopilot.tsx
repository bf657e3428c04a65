/** The autopilot's budget before it starts. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { PanelState } from '../protocol';
import { ApprovalSelect } from './Choices';
import { useHost, useTranslator } from './context';
import { Field } from './parts';

const STEPS = '5';

/** Returns a limit as typed: a positive number, or null for none. */
export function limit(text: string): number | null {
  const value = Number(text.replace(',', '.'));
  return text.trim() !== '' && Number.isFinite(value) && value > 0 ? value : null;
}

/** The form that starts a run; at least one limit must be set. */
export function Autopilot({ mode, onStart }: { mode: PanelState['approval_mode']; onStart(): void }): JSX.Element {
  const host = useHost();
  const t = useTranslator();
  const [steps, setSteps] = useState(STEPS);
  const [minutes, setMinutes] = useState('');
  const [cost, setCost] = useState('');
  const whole = limit(steps);
  const budget = {
    steps: whole === null ? null : Math.max(1, Math.round(whole)),
    minutes: limit(minutes),
    cost: limit(cost)
  };
  const limited = Object.values(budget).some(value => value !== null);
  const amount = (value: string, set: (text: string) => void, testid: string, step: string): JSX.Element => (
    <input
      type="number"
      min={0}
      step={step}
      value={value}
      placeholder="∞"
      data-testid={testid}
      onInput={event => set(event.currentTarget.value)}
    />
  );
  return (
    <form
      class="mij-form mij-boxed"
      aria-label={t('Autopilot')}
      onSubmit={event => {
        event.preventDefault();
        if (limited) {
          host.send({ type: 'start_autopilot', ...budget, after: host.anchor() });
          onStart();
        }
      }}
    >
      <div class="mij-thirds">
        <Field label={t('Trials')}>{amount(steps, setSteps, 'mij-autopilot-steps', '1')}</Field>
        <Field label={t('Minutes')}>{amount(minutes, setMinutes, 'mij-autopilot-minutes', 'any')}</Field>
        <Field label={t('US dollars')}>{amount(cost, setCost, 'mij-autopilot-cost', 'any')}</Field>
      </div>
      <ApprovalSelect mode={mode} testid="mij-autopilot-approval" />
      <div class="mij-row">
        <button type="submit" class="mij-button mij-primary" data-testid="mij-start" disabled={!limited}>
          {t('Start')}
        </button>
        {!limited && <span class="mij-faint">{t('Set at least one limit.')}</span>}
      </div>
    </form>
  );
}
