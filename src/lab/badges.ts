/** Badges on the cells that belong to a trial: its number, and what came of it. */

import type { Cell } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { formatScore } from '../panel';
import type { TrialView } from '../protocol';
import type { TrialMark } from './cellRunner';
import type { NotebookHost } from './notebookHost';

const CLASS = 'mij-badge';

/** Draws the badges of a notebook and keeps them true. */
export function keepBadges(panel: NotebookPanel, host: NotebookHost, trans: TranslationBundle): void {
  const draw = (): void => {
    const trials = new Map(host.trials.map(trial => [trial.id, trial]));
    for (const cell of panel.content.widgets) {
      const mark = cell.model.getMetadata('mle_ideator') as Partial<TrialMark> | undefined;
      badge(cell, typeof mark?.trial === 'string' ? mark : null, trials, trans);
    }
  };
  host.changed.connect(draw);
  void panel.context.ready.then(() => {
    panel.content.model?.cells.changed.connect(draw);
    draw();
  });
}

function badge(
  cell: Cell,
  mark: Partial<TrialMark> | null,
  trials: ReadonlyMap<string, TrialView>,
  trans: TranslationBundle
): void {
  const held = cell.node.querySelector<HTMLElement>(`:scope > .${CLASS}`);
  if (!mark || typeof mark.number !== 'number') {
    held?.remove();
    return;
  }
  const trial = trials.get(mark.trial ?? '');
  const name = trans.__('trial %1', String(mark.number));
  const score = trial?.value === null || trial?.value === undefined ? '' : ` · ${formatScore(trial.value)}`;
  const node = held ?? document.createElement('div');
  node.className = CLASS;
  node.dataset.status = trial?.status ?? '';
  node.textContent = name + score;
  node.title = trial?.title ?? name;
  if (!held) {
    cell.node.append(node);
  }
}
