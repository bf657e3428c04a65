/** The panel's door: a node, a front end, and a way out. */

import { render } from 'preact';
import { HostContext } from './context';
import type { IPanelHost } from './host';
import { Panel } from './Panel';

/** Draws the panel into `node` and keeps it as the front end says; the returned function takes it away. */
export function mountPanel(node: HTMLElement, host: IPanelHost): () => void {
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const draw = (): void => {
    waiting = undefined;
    render(
      <HostContext.Provider value={host}>
        <Panel />
      </HostContext.Provider>,
      node
    );
  };
  // Changes that come together are one drawing. A frame request would wait while the page is hidden.
  const stop = host.onChange(() => {
    waiting ??= setTimeout(draw, 0);
  });
  draw();
  return () => {
    stop();
    clearTimeout(waiting);
    render(null, node);
  };
}

export { formatScore } from './format';
export type { IPanelHost, LinkState, PanelActions } from './host';
