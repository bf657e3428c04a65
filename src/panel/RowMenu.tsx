/** What can be done with one trial. */

import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { TrialView } from '../protocol';
import { isLive, useHost, useTranslator } from './context';
import type { Shown } from './Trials';

const WIDTH = 200;
const HEIGHT = 160;

interface MenuProps {
  trial: TrialView;
  /** Where it was asked for. */
  at: DOMRect;
  onShow(what: Shown['what']): void;
  onClose(): void;
}

interface Item {
  text: string;
  testid: string;
  off: boolean;
  act(): void;
}

/** A menu over everything else; Escape, a click elsewhere and every choice close it. */
export function RowMenu({ trial, at, onShow, onClose }: MenuProps): JSX.Element {
  const host = useHost();
  const t = useTranslator();
  const menu = useRef<HTMLDivElement>(null);
  const live = isLive(host);
  const inserts = host.state?.inserts !== false;
  const visit = host.actions.scrollToCells;
  useLayoutEffect(() => {
    const node = menu.current;
    node?.showPopover?.();
    node?.querySelector<HTMLElement>('button:not(:disabled)')?.focus();
  }, []);
  const items: Item[] = [
    {
      text: t('Go to its cells'),
      testid: 'mij-go',
      off: !visit || !trial.cells.length,
      act: () => visit?.(trial.cells)
    },
    { text: t('Show its source'), testid: 'mij-source', off: !live, act: () => onShow('source') },
    { text: t('Compare with the best'), testid: 'mij-diff', off: !live, act: () => onShow('diff') },
    {
      text: inserts ? t('Keep this solution') : t('Show its solution, to keep'),
      testid: 'mij-keep-trial',
      off: !live || trial.status !== 'scored',
      act: () =>
        inserts ? host.send({ type: 'keep_trial', trial: trial.id, after: host.anchor() }) : onShow('solution')
    },
    {
      text: t('Undo: remove its cells'),
      testid: 'mij-undo',
      off: !live || trial.undone || !trial.cells.length,
      act: () => host.send({ type: 'undo_trial', trial: trial.id })
    }
  ];
  const move = (by: number): void => {
    const buttons = [...(menu.current?.querySelectorAll<HTMLElement>('button:not(:disabled)') ?? [])];
    const now = buttons.findIndex(button => button === document.activeElement);
    buttons[(now + by + buttons.length) % buttons.length]?.focus();
  };
  const left = Math.max(4, Math.min(at.right - WIDTH, window.innerWidth - WIDTH - 4));
  const top = at.bottom + HEIGHT > window.innerHeight ? Math.max(4, at.top - HEIGHT) : at.bottom;
  return (
    <div
      ref={menu}
      class="mij-menu"
      popover="auto"
      role="menu"
      aria-label={t('Actions for trial %1', trial.number)}
      style={{ left: `${left}px`, top: `${top}px`, width: `${WIDTH}px` }}
      onToggle={event => event.newState === 'closed' && onClose()}
      onKeyDown={event => {
        event.stopPropagation();
        if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
          event.preventDefault();
          move(event.key === 'ArrowDown' ? 1 : -1);
        } else if (event.key === 'Tab' || event.key === 'Escape') {
          event.preventDefault();
          onClose();
        }
      }}
    >
      {items.map(item => (
        <button
          key={item.testid}
          type="button"
          role="menuitem"
          data-testid={item.testid}
          disabled={item.off}
          onClick={() => {
            onClose();
            item.act();
          }}
        >
          {item.text}
        </button>
      ))}
    </div>
  );
}
