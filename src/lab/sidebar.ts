/** The sidebar: the panel of the notebook that the user looks at. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { mountPanel, type IPanelHost } from '../panel';
import type { Hosts } from './hosts';
import { ideatorIcon } from './icon';
import type { NotebookHost } from './notebookHost';

export class Sidebar extends Widget {
  constructor(
    private readonly hosts: Hosts,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.id = 'mle-ideator-panel';
    this.title.icon = ideatorIcon;
    this.title.caption = trans.__('Ideator: what to try next');
    this.addClass('mij-sidebar');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Ideator'));
    hosts.changed.connect(this.follow, this);
  }

  dispose(): void {
    this.unmount();
    super.dispose();
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.follow();
  }

  /** Shows the current notebook's panel; the kernel is asked for nothing before the sidebar is first shown. */
  private follow(): void {
    const host = this.hosts.current;
    if (!this.isVisible) {
      return;
    }
    if (this.shown === undefined || this.shown !== host) {
      this.unmount();
      this.shown = host;
      this.leave = mountPanel(this.node, host ?? nobody(this.trans));
      host?.connect();
    }
  }

  private unmount(): void {
    this.leave?.();
    this.leave = null;
    this.shown = undefined;
  }

  private shown: NotebookHost | null | undefined = undefined;
  private leave: (() => void) | null = null;
}

/** The front end where no notebook is open. */
function nobody(trans: TranslationBundle): IPanelHost {
  return {
    link: { kind: 'no-notebook' },
    title: '',
    state: null,
    growing: '',
    trials: [],
    stale: false,
    onChange: () => () => undefined,
    send: () => undefined,
    fetch: () => Promise.reject(new Error(trans.__('no notebook is open'))),
    t: (text, ...values) => trans.__(text, ...values.map(String)),
    anchor: () => '',
    actions: { copy: () => undefined, download: () => undefined }
  };
}
