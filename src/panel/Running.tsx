/** What runs now: how far it is, and how to stop it; and the cell that waits for a yes. */

import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ApprovalView, PanelState } from '../protocol';
import { isLive, useHost, useTranslator } from './context';
import { formatMoney, formatSeconds, showUnseen } from './format';
import { Button, Notice } from './parts';

/** Milliseconds that a thought may take before the bar appears: what is quick must not make the panel jump. */
const PATIENCE = 400;

/** Returns an activity in words. */
export function activityName(activity: PanelState['activity'], t: ReturnType<typeof useTranslator>): string {
  switch (activity) {
    case 'idle':
      return t('idle');
    case 'looking':
      return t('looking at the data');
    case 'thinking':
      return t('thinking');
    case 'running':
      return t('running');
    case 'approval':
      return t('waits for your yes');
    case 'paused':
      return t('paused');
    case 'stopping':
      return t('stopping');
  }
}

/** The bar with Pause and Stop; nothing while nothing runs. */
export function Running({ state }: { state: PanelState }): JSX.Element | null {
  const host = useHost();
  const t = useTranslator();
  const { run, activity } = state;
  const [late, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    const timer = setTimeout(() => setLate(true), PATIENCE);
    return () => clearTimeout(timer);
  }, [activity]);
  const quick = activity === 'looking' || (activity === 'thinking' && !late);
  if (!isLive(host) || (!run && (activity === 'idle' || quick))) {
    return null;
  }
  const control = (what: 'pause' | 'resume' | 'stop'): void => host.send({ type: 'control', what });
  const stopping = activity === 'stopping';
  return (
    <div class="mij-running">
      {run && (
        <>
          <div
            class="mij-progress"
            role="progressbar"
            aria-label={t('Autopilot')}
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuenow={Math.round(run.percent)}
            data-testid="mij-progress"
          >
            <div style={{ width: `${Math.min(100, Math.max(0, run.percent))}%` }} />
          </div>
          <div class="mij-faint mij-numbers">
            {[
              run.steps === null ? t('%1 trials', run.steps_done) : t('%1 of %2 trials', run.steps_done, run.steps),
              run.seconds_left !== null && t('%1 left', formatSeconds(Math.max(0, run.seconds_left))),
              run.cost_left !== null && t('%1 left', formatMoney(Math.max(0, run.cost_left)))
            ]
              .filter(Boolean)
              .join(' · ')}
          </div>
        </>
      )}
      <div class="mij-row">
        <span class="mij-activity">
          {!stopping && activity !== 'paused' && activity !== 'approval' && (
            <span class="mij-pulse" aria-hidden="true" />
          )}
          {run?.paused && run.reason
            ? run.reason
            : state.run_in_cell
              ? t('waits for a cell')
              : activityName(activity, t)}
        </span>
        <span class="mij-space" />
        {run &&
          (run.paused ? (
            <Button testid="mij-resume" onClick={() => control('resume')}>
              {t('Resume')}
            </Button>
          ) : (
            <Button testid="mij-pause" disabled={stopping} onClick={() => control('pause')}>
              {t('Pause')}
            </Button>
          ))}
        <Button testid="mij-stop" disabled={stopping} onClick={() => control('stop')}>
          {t('Stop')}
        </Button>
      </div>
    </div>
  );
}

/** What the user has to run for what waits, where no page is there that could run it. */
export function RunInCell({ code }: { code: string }): JSX.Element {
  const host = useHost();
  const t = useTranslator();
  return (
    <Notice
      testid="mij-run-in-cell"
      actions={
        <Button primary testid="mij-copy-run" onClick={() => host.actions.copy(code)}>
          {t('Copy')}
        </Button>
      }
    >
      {t('This page cannot run cells by itself. Run this in a cell: what waits runs there, and interrupting stops it.')}
      <code class="mij-command">{code}</code>
    </Notice>
  );
}

/** Whether the user is typing outside the panel: then nothing may take the focus. */
function typingElsewhere(panel: Element | null): boolean {
  const active = document.activeElement;
  if (!active || panel?.contains(active)) {
    return false;
  }
  return active.matches('input, textarea, select, [contenteditable]:not([contenteditable="false"])');
}

/** The cell that waits for a yes. It takes the focus when it appears, unless the user is typing elsewhere. */
export function Approval({ approval }: { approval: ApprovalView }): JSX.Element {
  const host = useHost();
  const t = useTranslator();
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const node = box.current;
    const panel = node?.closest<HTMLElement>('.mij-panel');
    if (node && !typingElsewhere(panel ?? null)) {
      node.focus({ preventScroll: true });
      node.scrollIntoView?.({ block: 'nearest' });
    }
    return () => {
      if (node?.contains(document.activeElement)) {
        panel?.querySelector<HTMLElement>('.mij-scroll')?.focus({ preventScroll: true });
      }
    };
  }, [approval.request]);
  const decide = (yes: boolean, rest: boolean): void =>
    host.send({ type: 'decide', request: approval.request, yes, rest });
  return (
    <div
      ref={box}
      class="mij-approval"
      role="alertdialog"
      aria-label={t('A cell waits for your yes: %1', approval.action)}
      tabIndex={-1}
      data-testid="mij-approval"
      data-request={approval.request}
    >
      <h3>{approval.action}</h3>
      <p class="mij-faint">{t('Trial %1: %2', approval.number, approval.title)}</p>
      {approval.touches.length > 0 && (
        <div class="mij-touches" data-testid="mij-approval-touches">
          <p>{t('Would change in place, and not on a copy:')}</p>
          <ul>
            {approval.touches.map(touch => (
              <li key={touch}>{showUnseen(touch)}</li>
            ))}
          </ul>
        </div>
      )}
      <pre tabIndex={0} aria-label={t('The code that would run')} data-testid="mij-approval-source">
        {showUnseen(approval.source)}
      </pre>
      <div class="mij-row mij-wrap">
        <Button primary testid="mij-approve" onClick={() => decide(true, false)}>
          {t('Run it')}
        </Button>
        <Button testid="mij-decline" onClick={() => decide(false, false)}>
          {t('Decline')}
        </Button>
        <Button testid="mij-approve-rest" onClick={() => decide(true, true)}>
          {t('Run the rest of this trial')}
        </Button>
      </div>
    </div>
  );
}
