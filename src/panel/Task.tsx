/** The notebook and its task in one line, and the form behind it. */

import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import type { PanelState, SetTask, TaskView } from '../protocol';
import { isLive, useHost, useTranslator } from './context';
import { arrow } from './format';
import { Button, Choice, Field, IconButton } from './parts';

/** Returns what the panel says of a task in one line. */
export function taskLine(task: TaskView): string {
  return `${task.metric} ${arrow(task.goal)} · ${task.train} → ${task.target}`;
}

/** The head of the panel. */
export function TaskHead({ state }: { state: PanelState | null }): JSX.Element {
  const host = useHost();
  const t = useTranslator();
  const [open, setOpen] = useState(false);
  const task = state?.task ?? null;
  const live = isLive(host);
  const settings = host.actions.openSettings;
  return (
    <header class="mij-head">
      <div class="mij-title-line">
        <h2 title={host.title}>{host.title}</h2>
        {settings && <IconButton icon="gear" label={t('Settings')} onClick={() => settings()} />}
      </div>
      {state && (
        <button
          type="button"
          class="mij-task-line"
          data-testid="mij-task-line"
          aria-expanded={open}
          disabled={!live}
          title={task ? task.line : undefined}
          onClick={() => setOpen(!open)}
        >
          <span class="mij-ellipsis">{task ? taskLine(task) : t('No task yet: choose data and target')}</span>
          {task && !task.confirmed && <span class="mij-tag">{t('suggested')}</span>}
        </button>
      )}
      {open && live && state && <TaskForm state={state} onDone={() => setOpen(false)} />}
    </header>
  );
}

type Draft = Omit<SetTask, 'type'>;

function draftOf(task: TaskView | null, state: PanelState): Required<Draft> {
  return {
    train: task?.train ?? state.frames[0]?.expression ?? '',
    test: task?.test ?? '',
    target: task?.target ?? '',
    metric: task?.metric ?? '',
    goal: '',
    description: task?.description ?? ''
  };
}

function TaskForm({ state, onDone }: { state: PanelState; onDone(): void }): JSX.Element {
  const host = useHost();
  const t = useTranslator();
  const name = useId();
  const [draft, setDraft] = useState(() => draftOf(state.task, state));
  const set = (change: Partial<Draft>): void => setDraft({ ...draft, ...change });
  const frames = state.frames.map(frame => ({
    value: frame.expression,
    text: t('%1 (%2 rows)', frame.expression, frame.rows.toLocaleString())
  }));
  const columns = state.frames.find(frame => frame.expression === draft.train)?.columns ?? [];
  const own = draft.metric !== '' && !state.metrics.includes(draft.metric);
  const goal = own ? draft.goal || (draft.metric === state.task?.metric ? state.task.goal : '') : '';
  const asked = own && !goal;
  return (
    <form
      class="mij-form"
      data-testid="mij-task-form"
      onSubmit={event => {
        event.preventDefault();
        if (!asked) {
          host.send({ type: 'set_task', ...draft, goal });
          onDone();
        }
      }}
    >
      <Choice
        label={t('Data')}
        value={draft.train}
        options={frames}
        none={t('find it')}
        testid="mij-task-train"
        onChange={train => set({ train })}
      />
      <Choice
        label={t('Test data')}
        value={draft.test}
        options={frames.filter(frame => frame.value !== draft.train)}
        none={t('none')}
        testid="mij-task-test"
        onChange={test => set({ test })}
      />
      <Choice
        key={draft.train}
        label={t('Target')}
        value={draft.target}
        options={columns.map(column => ({ value: column, text: column }))}
        none={t('find it')}
        testid="mij-task-target"
        onChange={target => set({ target })}
      />
      <Choice
        label={t('Metric')}
        value={draft.metric}
        options={[
          ...state.metrics.map(metric => ({ value: metric, text: metric })),
          ...state.functions.map(name => ({ value: name, text: t('%1 (yours)', name) }))
        ]}
        none={t('choose by the target')}
        testid="mij-task-metric"
        onChange={metric => set({ metric })}
      />
      {own && (
        <fieldset class="mij-field">
          <legend>{t('Better is')}</legend>
          <span class="mij-row">
            {(['minimize', 'maximize'] as const).map(way => (
              <label key={way} class="mij-nowrap">
                <input type="radio" name={name} checked={goal === way} onChange={() => set({ goal: way })} />{' '}
                {way === 'minimize' ? t('lower ↓') : t('higher ↑')}
              </label>
            ))}
          </span>
        </fieldset>
      )}
      <Field label={t('In your words')}>
        <textarea
          rows={2}
          value={draft.description}
          placeholder={t('What is to be predicted, and what matters')}
          data-testid="mij-task-description"
          onInput={event => set({ description: event.currentTarget.value })}
        />
      </Field>
      <div class="mij-row mij-wrap">
        <button type="submit" class="mij-button mij-primary" data-testid="mij-task-use" disabled={asked}>
          {t('Use this task')}
        </button>
        <Button onClick={onDone}>{t('Cancel')}</Button>
        <Button
          testid="mij-look"
          hint={t('Look again at what the kernel holds')}
          onClick={() => host.send({ type: 'control', what: 'look' })}
        >
          {t('Look again')}
        </Button>
      </div>
    </form>
  );
}
