/** The session's choices: who proposes, who implements, what is asked before a cell runs, where a score is read. */

import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Choose, PanelState } from '../protocol';
import { isLive, useHost, useTranslator } from './context';
import { Details, Field } from './parts';

type ApprovalMode = PanelState['approval_mode'];

const NO_CHANGE: Choose = { type: 'choose', approval_mode: null, ideator: null, implementer: null, watch: null };

/** When the user is asked before cells run. */
export function ApprovalSelect({ mode, testid }: { mode: ApprovalMode; testid: string }): JSX.Element {
  const host = useHost();
  const t = useTranslator();
  return (
    <Field label={t('Ask me before')}>
      <select
        value={mode}
        data-testid={testid}
        disabled={!isLive(host)}
        onChange={event => host.send({ ...NO_CHANGE, approval_mode: event.currentTarget.value as ApprovalMode })}
      >
        <option value="cell">{t('each cell runs')}</option>
        <option value="trial">{t('each trial starts')}</option>
        <option value="autopilot">{t('nothing, within the budget')}</option>
      </select>
    </Field>
  );
}

/** All choices, behind one line. */
export function Choices({ state }: { state: PanelState }): JSX.Element {
  const host = useHost();
  const t = useTranslator();
  const live = isLive(host);
  const { agents } = state;
  return (
    <Details title={t('Choices')} aside={agents && `${agents.ideator} · ${agents.implementer}`} testid="mij-choices">
      <div class="mij-form">
        {agents && (
          <>
            <Agent
              label={t('Ideator')}
              value={agents.ideator}
              names={agents.ideators}
              testid="mij-ideator"
              disabled={!live}
              onChange={ideator => host.send({ ...NO_CHANGE, ideator })}
            />
            <Agent
              label={t('Implementer')}
              value={agents.implementer}
              names={agents.implementers}
              testid="mij-implementer"
              disabled={!live}
              onChange={implementer => host.send({ ...NO_CHANGE, implementer })}
            />
          </>
        )}
        <ApprovalSelect mode={state.approval_mode} testid="mij-approval-mode" />
        <Watch watch={state.watch} />
      </div>
    </Details>
  );
}

function Agent(props: {
  label: string;
  value: string;
  names: readonly string[];
  testid: string;
  disabled: boolean;
  onChange(name: string): void;
}): JSX.Element {
  const names = props.names.includes(props.value) ? props.names : [props.value, ...props.names];
  return (
    <Field label={props.label}>
      <select
        value={props.value}
        disabled={props.disabled}
        data-testid={props.testid}
        onChange={event => props.onChange(event.currentTarget.value)}
      >
        {names.map(name => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </Field>
  );
}

function Watch({ watch }: { watch: string }): JSX.Element {
  const host = useHost();
  const t = useTranslator();
  const [text, setText] = useState(watch);
  useEffect(() => setText(watch), [watch]);
  const changed = text.trim() !== watch;
  const apply = (): void => {
    if (changed) {
      host.send({ ...NO_CHANGE, watch: text.trim() });
    }
  };
  return (
    <>
      <Field label={t('Read the score from')}>
        <input
          type="text"
          class="mij-code"
          spellcheck={false}
          value={text}
          disabled={!isLive(host)}
          data-testid="mij-watch"
          placeholder={t('an expression, e.g. scores.mean()')}
          onInput={event => setText(event.currentTarget.value)}
          onKeyDown={event => event.key === 'Enter' && apply()}
          onBlur={apply}
        />
      </Field>
      <p class="mij-faint">{t('It is evaluated after each cell that you run; nothing runs again for it.')}</p>
    </>
  );
}
