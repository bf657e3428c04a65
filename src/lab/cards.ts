/** Draws the ideas that `%ideate` shows in a cell's output as cards with buttons. */

import type { NotebookPanel } from '@jupyterlab/notebook';
import { Widget } from '@lumino/widgets';
import { mountCard, type IPanelHost } from '../panel';
import { idea } from './snapshot';

const MIME = 'application/vnd.mle-ideator.card+json';
/** Before the HTML of the same output. */
const RANK = 0;

type RenderMime = NotebookPanel['content']['rendermime'];
type Factory = Parameters<RenderMime['addFactory']>[0];
type Model = Parameters<ReturnType<Factory['createRenderer']>['renderModel']>[0];

/** Has this notebook draw cards; they are safe in any notebook, since all of their text is drawn as text. */
export function drawCards(rendermime: RenderMime, host: IPanelHost): void {
  const createRenderer: Factory['createRenderer'] = () => new Card(host);
  rendermime.addFactory({ safe: true, mimeTypes: [MIME], createRenderer }, RANK);
}

class Card extends Widget {
  constructor(private readonly host: IPanelHost) {
    super();
  }

  renderModel(model: Model): Promise<void> {
    this.leave?.();
    this.leave = mountCard(this.node, this.host, idea(model.data[MIME]));
    return Promise.resolve();
  }

  dispose(): void {
    this.leave?.();
    this.leave = null;
    super.dispose();
  }

  private leave: (() => void) | null = null;
}
