/** The panel from top to bottom. */

import type { JSX } from 'preact';
import { Ask } from './Ask';
import { Brief } from './Brief';
import { Choices } from './Choices';
import { isLive, useHost, useTranslator } from './context';
import { formatChange, formatScore, type Goal } from './format';
import { Ideas } from './Ideas';
import { OwnModels } from './OwnModels';
import { Plot } from './Plot';
import { activityName, Approval, RunInCell, Running } from './Running';
import { LinkNotice, SessionNotes, SessionNotices } from './States';
import { TaskHead } from './Task';
import { Trials } from './Trials';
import type { PanelState } from '../protocol';

/** Draws everything that the front end holds now. */
export function Panel(): JSX.Element {
  const host = useHost();
  const { state, trials, link } = host;
  const live = isLive(host);
  const goal: Goal = state?.task?.goal ?? 'maximize';
  const notebook = link.kind !== 'no-notebook';
  return (
    <div
      class="mij-panel"
      data-testid="mij-state"
      data-activity={state?.activity ?? 'idle'}
      data-link={link.kind}
      data-stale={host.stale}
    >
      <div class="mij-scroll" tabIndex={-1}>
        {notebook && <TaskHead state={state} />}
        <LinkNotice />
        {state && notebook && <SessionNotices state={state} />}
        {notebook && (
          <>
            {state && <Best state={state} goal={goal} />}
            <Plot trials={trials} goal={goal} baseline={state?.baseline ?? null} />
            {(live || (state && link.kind === 'connecting')) && <Ask state={state} />}
            {state && <Running state={state} />}
            {state?.run_in_cell && live && <RunInCell code={state.run_in_cell} />}
            {state?.approval && live && <Approval approval={state.approval} />}
            {state && <Ideas ideas={state.ideas} growing={host.growing} />}
            {state && live && <OwnModels state={state} />}
            <Trials state={state} trials={trials} goal={goal} />
            {state && <SessionNotes state={state} />}
            {live && state && (
              <div class="mij-section">
                <Brief state={state} />
                <Choices state={state} />
              </div>
            )}
          </>
        )}
      </div>
      {notebook && <Foot state={state} />}
    </div>
  );
}

function Best({ state, goal }: { state: PanelState; goal: Goal }): JSX.Element | null {
  const t = useTranslator();
  const { best } = state;
  if (!best) {
    return null;
  }
  const gain = best.delta ?? 0;
  return (
    <div class="mij-best">
      <span class="mij-faint">{t('best')}</span>
      <strong data-testid="mij-best" title={t('Trial %1', best.number)}>
        {formatScore(best.value)}
      </strong>
      {gain !== 0 && (
        <span
          class={gain > 0 ? 'mij-good' : 'mij-bad'}
          title={gain > 0 ? t('better than the baseline') : t('worse than the baseline')}
        >
          {formatChange(best.delta, goal, best.value)}
        </span>
      )}
      {best.number === 0 && <span class="mij-faint">{t('the baseline')}</span>}
      {gain !== 0 && <span class="mij-faint">{t('vs baseline')}</span>}
    </div>
  );
}

function Foot({ state }: { state: PanelState | null }): JSX.Element {
  const host = useHost();
  const t = useTranslator();
  const words = state && isLive(host) ? activityName(state.activity, t) : '';
  return (
    <footer class="mij-foot">
      <span class="mij-ellipsis" role="status" aria-live="polite" data-testid="mij-message" title={state?.message}>
        {state?.message || words}
      </span>
    </footer>
  );
}
