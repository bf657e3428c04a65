/** The trial table. Only the rows in sight exist, so that ten thousand open at once; arrow keys go through all. */

import type { JSX } from 'preact';
import { useId, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { TrialView } from '../protocol';
import { useHost, useTranslator } from './context';
import { formatChange, formatScore, formatSeconds, type Goal } from './format';
import { IconButton } from './parts';
import { RowMenu } from './RowMenu';
import { type SortKey, type Sorting, visibleWindow } from './rows';
import type { Shown } from './Trials';

export const ROW = 26;
const SIGHT = 12;
const SPARE = 5;
const MOST_DIGITS = 6;

interface TableProps {
  rows: readonly TrialView[];
  goal: Goal;
  sorting: Sorting;
  onSort(sorting: Sorting): void;
  onShow(shown: Shown): void;
}

/** Draws the rows in the order given. */
export function TrialTable({ rows, goal, sorting, onSort, onShow }: TableProps): JSX.Element {
  const host = useHost();
  const t = useTranslator();
  const prefix = useId();
  const grid = useRef<HTMLDivElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const [scrolled, setScrolled] = useState(0);
  const [active, setActive] = useState<string | null>(null);
  const [menu, setMenu] = useState<{ trial: TrialView; at: DOMRect } | null>(null);
  const sight = Math.min(rows.length, SIGHT) * ROW;
  const { first, last } = visibleWindow(scrolled, sight, ROW, rows.length, SPARE);
  // Rows are drawn again in the places of those that went out of sight, which is quicker than making new ones.
  const slots = SIGHT + 2 * SPARE + 2;
  // Of all rows, so not again at each step of scrolling.
  const index = useMemo(() => (active === null ? -1 : rows.findIndex(row => row.id === active)), [rows, active]);
  const digits = useMemo(
    () => Math.min(MOST_DIGITS, String(rows.reduce((most, row) => Math.max(most, row.number), 0)).length),
    [rows]
  );
  useLayoutEffect(() => {
    const most = Math.max(0, rows.length * ROW - sight);
    if (scrolled > most) {
      setScrolled(most);
    }
  }, [rows.length]);

  const go = (to: number): void => {
    const i = Math.max(0, Math.min(rows.length - 1, to));
    setActive(rows[i]?.id ?? null);
    const node = box.current;
    if (node) {
      node.scrollTop = Math.max((i + 1) * ROW - sight, Math.min(node.scrollTop, i * ROW));
      setScrolled(node.scrollTop);
    }
  };
  const visit = (trial: TrialView | undefined): void => {
    if (trial) {
      host.actions.scrollToCells?.(trial.cells);
    }
  };
  const openMenu = (trial: TrialView | undefined, from: Element | null | undefined): void => {
    if (trial && from) {
      setActive(trial.id);
      setMenu({ trial, at: from.getBoundingClientRect() });
    }
  };
  const keys: Record<string, () => void> = {
    ArrowDown: () => go(index + 1),
    ArrowUp: () => go(index - 1),
    PageDown: () => go(index + SIGHT),
    PageUp: () => go(index - SIGHT),
    Home: () => go(0),
    End: () => go(rows.length - 1),
    Enter: () => visit(rows[index]),
    ContextMenu: () => openMenu(rows[index], document.getElementById(`${prefix}-${index}`)),
    m: () => openMenu(rows[index], document.getElementById(`${prefix}-${index}`))
  };
  const heading = (key: SortKey, text: string, name: string): JSX.Element => {
    const on = sorting.key === key;
    return (
      <div
        role="columnheader"
        class={`mij-c-${key}`}
        aria-sort={on ? (sorting.descending ? 'descending' : 'ascending') : 'none'}
      >
        <button
          type="button"
          title={t('Sort by %1', name)}
          data-testid={`mij-sort-${key}`}
          onClick={() => onSort({ key, descending: on ? !sorting.descending : key !== 'title' })}
        >
          {text}
          {on && <span aria-hidden="true">{sorting.descending ? ' ▾' : ' ▴'}</span>}
        </button>
      </div>
    );
  };
  return (
    <div
      ref={grid}
      class="mij-table"
      role="grid"
      tabIndex={0}
      aria-label={t('Trials; arrow keys choose one, Enter goes to its cells, M opens its menu')}
      aria-rowcount={rows.length + 1}
      aria-activedescendant={index >= first && index < last ? `${prefix}-${index}` : undefined}
      data-testid="mij-trial-table"
      onKeyDown={event => {
        const act = event.target === event.currentTarget ? keys[event.key] : undefined;
        if (act && !event.ctrlKey && !event.metaKey && !event.altKey) {
          event.preventDefault();
          event.stopPropagation();
          act();
        }
      }}
      style={{ '--mij-digits': `${digits}ch` }}
    >
      <div class="mij-trial mij-trial-head" role="row" aria-rowindex={1}>
        {heading('number', '#', t('number'))}
        {heading('title', t('Trial'), t('title'))}
        {heading('value', t('Score'), t('score'))}
        {heading('delta', t('Change'), t('improvement over the baseline'))}
        {heading('seconds', t('Time'), t('time'))}
        <div role="columnheader" class="mij-c-menu">
          <span class="mij-unseen">{t('Actions')}</span>
        </div>
      </div>
      <div
        ref={box}
        class="mij-rows"
        role="rowgroup"
        tabIndex={-1}
        style={{ height: `${sight}px` }}
        onScroll={event => setScrolled(event.currentTarget.scrollTop)}
      >
        <div style={{ height: `${rows.length * ROW}px`, position: 'relative' }} role="presentation">
          {rows.slice(first, last).map((trial, i) => (
            <Row
              key={(first + i) % slots}
              id={`${prefix}-${first + i}`}
              index={first + i}
              trial={trial}
              goal={goal}
              active={trial.id === active}
              onVisit={() => {
                setActive(trial.id);
                visit(trial);
              }}
              onMenu={from => openMenu(trial, from)}
            />
          ))}
        </div>
      </div>
      {menu && (
        <RowMenu
          trial={rows.find(row => row.id === menu.trial.id) ?? menu.trial}
          at={menu.at}
          onShow={what => onShow({ what, trial: menu.trial })}
          onClose={() => {
            setMenu(null);
            grid.current?.focus({ preventScroll: true });
          }}
        />
      )}
    </div>
  );
}

interface RowProps {
  id: string;
  index: number;
  trial: TrialView;
  goal: Goal;
  active: boolean;
  onVisit(): void;
  onMenu(from: Element): void;
}

function Row({ id, index, trial, goal, active, onVisit, onMenu }: RowProps): JSX.Element {
  const t = useTranslator();
  const failed = trial.status === 'failed';
  const tags = [
    trial.kept && t('kept'),
    trial.undone && t('undone'),
    trial.imported && t('from elsewhere'),
    trial.series && t('scored as %1', trial.series)
  ].filter(Boolean);
  const gain = trial.delta ?? 0;
  const classes = ['mij-trial'];
  if (trial.best) {
    classes.push('mij-trial-best');
  }
  if (trial.undone || trial.imported) {
    classes.push('mij-trial-faint');
  }
  if (active) {
    classes.push('mij-trial-active');
  }
  return (
    <div
      id={id}
      class={classes.join(' ')}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={active}
      data-testid="mij-trial-row"
      data-number={trial.number}
      data-status={trial.status}
      style={{ top: `${index * ROW}px` }}
      title={[
        `${trial.number} · ${trial.title}`,
        failed && trial.message,
        trial.omitted.length > 0 && t('not done: %1', trial.omitted.join('; ')),
        ...tags
      ]
        .filter(Boolean)
        .join('\n')}
      onClick={onVisit}
      onContextMenu={event => {
        event.preventDefault();
        event.stopPropagation();
        onMenu(event.currentTarget);
      }}
    >
      <div role="gridcell" class="mij-c-number">
        {trial.number}
      </div>
      <div role="gridcell" class="mij-c-title">
        <span class="mij-title">{trial.title}</span>
        {tags.length > 0 && <span class="mij-tag">{tags[0]}</span>}
      </div>
      <div role="gridcell" class="mij-c-value">
        {trial.status === 'scored' && formatScore(trial.value)}
        {failed && <span class="mij-bad">{t('failed')}</span>}
        {trial.status === 'running' && <span class="mij-faint">{t('running')}</span>}
      </div>
      <div role="gridcell" class={`mij-c-delta ${gain > 0 ? 'mij-good' : ''}`}>
        {trial.status === 'scored' && formatChange(trial.delta, goal, trial.value)}
        {gain > 0 && <span class="mij-unseen">{t('better')}</span>}
      </div>
      <div role="gridcell" class="mij-c-seconds">
        {trial.status !== 'running' && trial.seconds > 0 && formatSeconds(trial.seconds)}
      </div>
      <div role="gridcell" class="mij-c-menu">
        <IconButton
          icon="more"
          label={t('Actions for trial %1', trial.number)}
          testid="mij-trial-menu"
          tab={active ? 0 : -1}
          onClick={event => {
            event.stopPropagation();
            onMenu(event.currentTarget);
          }}
        />
      </div>
    </div>
  );
}
