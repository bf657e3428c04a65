import { act } from 'preact/test-utils';
import { describe, expect, test, vi } from 'vitest';
import { idea, panelState, trial } from './testing/fake';
import { all, click, close, one, open, press, settle, show, submit, type } from './testing/screen';

describe('ideas', () => {
  test('hint, kinds and number go with the question', () => {
    const host = show();
    open('mij-options');
    type('mij-hint', '  dates ');
    click('mij-kind-ensembling');
    type('mij-number', '3');
    click('mij-get-idea');
    press('mij-hint', 'Enter');
    const asked = { type: 'get_idea', hint: 'dates', kinds: ['ensembling'], n: 3 };
    expect(host.sent).toEqual([asked, asked]);
  });

  test('each button of a card does what it says', () => {
    const host = show({ state: panelState({ ideas: [idea({ id: 'i9' })] }) });
    for (const testid of ['mij-try', 'mij-vote-up', 'mij-vote-down', 'mij-dismiss', 'mij-note', 'mij-copy']) {
      click(testid);
    }
    const mark = { type: 'mark_idea', idea: 'i9' };
    expect(host.sent).toEqual([
      { type: 'try_idea', idea: 'i9', after: 'cell-7' },
      { ...mark, vote: 1, dismissed: null },
      { ...mark, vote: -1, dismissed: null },
      { ...mark, vote: null, dismissed: true }
    ]);
    expect(host.calls.map(call => call[0])).toEqual(['insertNote', 'copy']);
  });

  test('a second vote takes the first back', () => {
    const host = show({ state: panelState({ ideas: [idea({ vote: 1 })] }) });
    click('mij-vote-up');
    expect(host.sent[0]).toMatchObject({ vote: 0 });
  });

  test('dismissed ideas are out of sight, and can be brought back', () => {
    const host = show({ state: panelState({ ideas: [idea(), idea({ id: 'i2', dismissed: true })] }) });
    expect(all('mij-idea-card')).toHaveLength(1);
    open('mij-dismissed');
    click('mij-bring-back');
    expect(host.sent).toEqual([{ type: 'mark_idea', idea: 'i2', vote: null, dismissed: false }]);
  });

  test('a front end without notes offers none', () => {
    show({ state: panelState({ ideas: [idea()] }), actions: { copy: vi.fn(), download: vi.fn() } });
    expect(all('mij-note')).toHaveLength(0);
  });
});

describe('thinking', () => {
  test('does not make the panel jump when it is quick, and can be stopped when it is not', async () => {
    vi.useFakeTimers();
    const host = show({ state: panelState({ activity: 'thinking' }) });
    expect(all('mij-stop')).toHaveLength(0);
    await act(async () => {
      await vi.advanceTimersByTimeAsync(500);
    });
    vi.useRealTimers();
    click('mij-stop');
    expect(host.sent).toEqual([{ type: 'control', what: 'stop' }]);
  });
});

describe('task', () => {
  test('the form starts from the task and sends what was changed', () => {
    const host = show();
    click('mij-task-line');
    type('mij-task-metric', 'rmse', 'change');
    type('mij-task-description', 'house prices');
    submit('mij-task-use');
    expect(host.sent).toEqual([
      {
        type: 'set_task',
        train: 'train',
        test: 'test',
        target: 'price',
        metric: 'rmse',
        goal: '',
        description: 'house prices'
      }
    ]);
    expect(all('mij-task-form')).toHaveLength(0);
  });

  test('a function of the kernel is one choice away', () => {
    const host = show({ state: panelState({ functions: ['cost'] }) });
    click('mij-task-line');
    type('mij-task-metric', 'cost', 'change');
    submit('mij-task-use');
    expect(host.sent).toEqual([]);
    click(all('mij-task-form')[0].querySelectorAll<HTMLInputElement>('input[type=radio]')[1]);
    submit('mij-task-use');
    expect(host.sent).toMatchObject([{ metric: 'cost', goal: 'maximize' }]);
  });

  test('a metric of one’s own needs a direction first', () => {
    const host = show({ state: panelState({ metrics: [] }) });
    click('mij-task-line');
    type('mij-task-metric', 'my_loss');
    submit('mij-task-use');
    expect(host.sent).toEqual([]);
    const lower = one('mij-task-form').querySelector<HTMLInputElement>('input[type=radio]');
    click(lower as HTMLInputElement);
    submit('mij-task-use');
    expect(host.sent).toMatchObject([{ metric: 'my_loss', goal: 'minimize' }]);
  });
});

describe('autopilot', () => {
  test('starts within its limits', () => {
    const host = show();
    click('mij-autopilot-toggle');
    type('mij-autopilot-steps', '3');
    type('mij-autopilot-minutes', '1.5');
    submit('mij-start');
    expect(host.sent).toEqual([{ type: 'start_autopilot', steps: 3, minutes: 1.5, cost: null, after: 'cell-7' }]);
  });

  test('does not start without any limit', () => {
    const host = show();
    click('mij-autopilot-toggle');
    type('mij-autopilot-steps', '');
    submit('mij-start');
    expect(host.sent).toEqual([]);
  });

  test('pauses, resumes and stops, and says how far it is', () => {
    const run = { steps_done: 2, steps: 5, percent: 40, seconds_left: 341, cost_left: null, paused: false, reason: '' };
    const host = show({ state: panelState({ activity: 'running', run }) });
    expect(one('mij-progress').getAttribute('aria-valuenow')).toBe('40');
    expect(document.body.textContent).toContain('2 of 5 trials · 6 min left');
    click('mij-pause');
    click('mij-stop');
    close();
    const paused = show({ state: panelState({ activity: 'paused', run: { ...run, paused: true } }) });
    click('mij-resume');
    expect([...host.sent, ...paused.sent]).toEqual([
      { type: 'control', what: 'pause' },
      { type: 'control', what: 'stop' },
      { type: 'control', what: 'resume' }
    ]);
  });

  test('whatever runs can be stopped, a single trial too', () => {
    const host = show({ state: panelState({ activity: 'running' }) });
    click('mij-stop');
    expect(host.sent).toEqual([{ type: 'control', what: 'stop' }]);
  });
});

describe('approval', () => {
  const approval = {
    request: 'r1',
    trial: 't3',
    number: 3,
    title: 'log',
    action: 'Run the cell',
    source: 'fit()',
    touches: []
  };
  const waiting = { activity: 'approval', approval } as const;

  test('shows the code, takes the focus, and sends the answer', () => {
    const host = show({ state: panelState(waiting) });
    expect(document.activeElement).toBe(one('mij-approval'));
    expect(one('mij-approval-source').textContent).toBe('fit()');
    click('mij-approve');
    click('mij-approve-rest');
    click('mij-decline');
    expect(host.sent).toEqual([
      { type: 'decide', request: 'r1', yes: true, rest: false },
      { type: 'decide', request: 'r1', yes: true, rest: true },
      { type: 'decide', request: 'r1', yes: false, rest: false }
    ]);
  });

  test('says which variables of the user it would change in place', () => {
    const touching = { ...approval, touches: ["df (line 2: df['x'] = 1)"] };
    show({ state: panelState({ activity: 'approval', approval: touching }) });
    expect(one('mij-approval-touches').textContent).toContain("df (line 2: df['x'] = 1)");
  });

  test('keeps the keyboard in the panel when it is answered', async () => {
    const host = show({ state: panelState(waiting) });
    host.set({ state: panelState() });
    await settle();
    expect(all('mij-approval')).toHaveLength(0);
    expect(one('mij-state').contains(document.activeElement)).toBe(true);
  });

  test('leaves the focus to whoever is typing in a cell', async () => {
    const cell = document.createElement('textarea');
    document.body.append(cell);
    const host = show();
    cell.focus();
    host.set({ state: panelState(waiting) });
    await settle();
    expect(one('mij-approval')).toBeTruthy();
    expect(document.activeElement).toBe(cell);
  });
});

describe('choices', () => {
  const none = { type: 'choose', approval_mode: null, ideator: null, implementer: null, watch: null };

  test('each change is sent alone', () => {
    const host = show();
    open('mij-choices');
    type('mij-ideator', 'local', 'change');
    type('mij-implementer', 'llm', 'change');
    type('mij-approval-mode', 'trial', 'change');
    type('mij-watch', 'scores.mean()');
    press('mij-watch', 'Enter');
    expect(host.sent).toEqual([
      { ...none, ideator: 'local' },
      { ...none, implementer: 'llm' },
      { ...none, approval_mode: 'trial' },
      { ...none, watch: 'scores.mean()' }
    ]);
  });
});

test('an expression that is left as it was is not sent', () => {
  const host = show({ state: panelState({ watch: 'score' }) });
  open('mij-choices');
  press('mij-watch', 'Enter');
  expect(host.sent).toEqual([]);
});

describe('the Brief', () => {
  test('is read when it is opened, now and as last sent', async () => {
    const host = show({ state: panelState({ brief_sent: 1_700_000_000, brief_tokens: 1834 }) });
    expect(host.calls).toEqual([]);
    open('mij-brief');
    await settle();
    expect(one('mij-brief-text').textContent).toBe('brief');
    type('mij-brief-which', 'brief_sent', 'change');
    await settle();
    expect(one('mij-brief-text').textContent).toBe('brief_sent');
  });
});

test('nothing is left behind', () => {
  show({ trials: [trial(0, 1)] });
  close();
  expect(document.body.textContent).toBe('');
  expect(all('mij-state')).toHaveLength(0);
});
