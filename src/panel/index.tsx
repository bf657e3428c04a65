/** The panel's door: a node, a front end, and a way out. */

import { render, type JSX } from 'preact';
import type { IdeaView } from '../protocol';
import { HostContext } from './context';
import type { IPanelHost } from './host';
import { IdeaCard } from './Ideas';
import { Panel } from './Panel';

/** Draws the panel into `node` and keeps it as the front end says; the returned function takes it away. */
export function mountPanel(node: HTMLElement, host: IPanelHost): () => void {
  return mount(node, host, () => <Panel />);
}

/**
 * Draws one idea into `node`, as the session knows it now. One that it does not know is drawn as it was `written`,
 * which anybody may have done: it can be read and copied, but nothing can be asked for through it.
 */
export function mountCard(node: HTMLElement, host: IPanelHost, written: IdeaView): () => void {
  return mount(node, host, () => {
    const known = host.state?.ideas.find(idea => idea.id === written.id);
    return (
      <div class="mij-panel mij-output">
        <IdeaCard idea={known ?? written} shown={!known} />
      </div>
    );
  });
}

function mount(node: HTMLElement, host: IPanelHost, content: () => JSX.Element): () => void {
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const draw = (): void => {
    waiting = undefined;
    render(<HostContext.Provider value={host}>{content()}</HostContext.Provider>, node);
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
