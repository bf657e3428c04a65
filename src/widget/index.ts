/** The widget's entry: the same panel in a cell's output, for front ends without our extension. */

import { mountPanel } from '../panel';
import { WidgetHost, type WidgetModel } from './host';
import './widget.css';

interface RenderProps {
  model: WidgetModel & { get(name: 'title'): string };
  el: HTMLElement;
}

function render({ model, el }: RenderProps): () => void {
  const host = new WidgetHost(model, model.get('title'));
  const node = document.createElement('div');
  node.className = 'mij-widget';
  el.append(node);
  const unmount = mountPanel(node, host);
  return () => {
    unmount();
    host.dispose();
    node.remove();
  };
}

export default { render };
