/** The plugins; each is wiring only, what they do is in `lab/`. */

import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookCellExecutor, INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Token } from '@lumino/coreutils';
import { addCommands, CommandIds } from './lab/commands';
import { keepBadges } from './lab/badges';
import { drawCards } from './lab/cards';
import { Hosts } from './lab/hosts';
import { Sidebar } from './lab/sidebar';
import { BestStatus } from './lab/status';

const DOMAIN = 'mle_ideator_jupyter';
const RANK = 600;

/** What the plugins share: a host for each notebook. */
const IHosts = new Token<Hosts>('mle_ideator_jupyter:IHosts', 'The Ideator of each open notebook.');

const hosts: JupyterFrontEndPlugin<Hosts> = {
  id: 'mle_ideator_jupyter:hosts',
  description: 'Links each notebook with the Ideator in its kernel.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [INotebookCellExecutor, ITranslator, ISettingRegistry],
  provides: IHosts,
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    executor: INotebookCellExecutor | null,
    translator: ITranslator | null,
    settings: ISettingRegistry | null
  ) => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const openSettings = (): void => void app.commands.execute('settingeditor:open', { query: 'Ideator' });
    const made = new Hosts({ tracker, executor, trans, openSettings });
    tracker.widgetAdded.connect((_, panel) => {
      keepBadges(panel, made.of(panel), trans);
      drawCards(panel.content.rendermime, made.of(panel));
    });
    void settings?.load(panel.id).then(loaded => {
      const read = (): void => {
        made.set(loaded.get('mirror').composite !== false, String(loaded.get('installFrom').composite ?? ''));
      };
      loaded.changed.connect(read);
      read();
    });
    return made;
  }
};

const panel: JupyterFrontEndPlugin<void> = {
  id: 'mle_ideator_jupyter:panel',
  description: 'The sidebar: ideas, trials and the autopilot of the current notebook.',
  autoStart: true,
  requires: [IHosts],
  optional: [ILayoutRestorer, ITranslator],
  activate: (app: JupyterFrontEnd, made: Hosts, restorer: ILayoutRestorer | null, translator: ITranslator | null) => {
    const sidebar = new Sidebar(made, (translator ?? nullTranslator).load(DOMAIN));
    app.shell.add(sidebar, 'right', { rank: RANK });
    restorer?.add(sidebar, sidebar.id);
  }
};

const commands: JupyterFrontEndPlugin<void> = {
  id: 'mle_ideator_jupyter:commands',
  description: 'Commands, menu, toolbar button and shortcuts.',
  autoStart: true,
  requires: [IHosts],
  optional: [ICommandPalette, ITranslator],
  activate: (app: JupyterFrontEnd, made: Hosts, palette: ICommandPalette | null, translator: ITranslator | null) => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    for (const command of addCommands(app, made, trans)) {
      palette?.addItem({ command, category: trans.__('Ideator') });
    }
    made.changed.connect(() => app.commands.notifyCommandChanged());
  }
};

const status: JupyterFrontEndPlugin<void> = {
  id: 'mle_ideator_jupyter:status',
  description: 'The best score so far, in the status bar.',
  autoStart: true,
  requires: [IHosts],
  optional: [IStatusBar, ITranslator],
  activate: (app: JupyterFrontEnd, made: Hosts, bar: IStatusBar | null, translator: ITranslator | null) => {
    if (bar) {
      const trans = (translator ?? nullTranslator).load(DOMAIN);
      const item = new BestStatus(made, trans, () => void app.commands.execute(CommandIds.open));
      bar.registerStatusItem(status.id, {
        item,
        align: 'right',
        rank: RANK,
        isActive: () => item.shows,
        activeStateChanged: made.changed
      });
    }
  }
};

export default [hosts, panel, commands, status];
