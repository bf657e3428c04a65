/** The status bar's item: the best score so far. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { formatScore } from '../panel';
import type { Hosts } from './hosts';

export class BestStatus extends Widget {
  constructor(
    private readonly hosts: Hosts,
    private readonly trans: TranslationBundle,
    open: () => void
  ) {
    const button = document.createElement('button');
    super({ node: button });
    this.addClass('mij-status');
    button.type = 'button';
    button.addEventListener('click', open);
    hosts.changed.connect(this.draw, this);
    this.draw();
  }

  /** Whether there is a score to show. */
  get shows(): boolean {
    return Boolean(this.hosts.current?.state?.best);
  }

  private draw(): void {
    const state = this.hosts.current?.state;
    const best = state?.best;
    if (state && best) {
      const metric = state.task?.metric ?? '';
      this.node.textContent = this.trans.__('best %1 %2', metric, formatScore(best.value));
      this.node.title = this.trans.__('Trial %1 is the best so far: show the Ideator', String(best.number));
    }
    this.node.classList.toggle('mij-working', state?.activity === 'running');
  }
}
