/** The commands, which the palette, the menu, the toolbar and the shortcuts use. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { TrialMark } from './cellRunner';
import type { Hosts } from './hosts';
import { ideatorIcon } from './icon';
import type { NotebookHost } from './notebookHost';

export const CommandIds = {
  open: 'mle-ideator:open',
  getIdea: 'mle-ideator:get-idea',
  autopilot: 'mle-ideator:start-autopilot',
  pause: 'mle-ideator:pause',
  stop: 'mle-ideator:stop',
  undo: 'mle-ideator:undo-trial',
  keep: 'mle-ideator:keep-best'
} as const;

/** Trials that an autopilot makes when it is started by a command. */
const STEPS = 5;

export function addCommands(app: JupyterFrontEnd, hosts: Hosts, trans: TranslationBundle): string[] {
  const add = (
    id: string,
    label: string,
    caption: string,
    does: (host: NotebookHost) => void,
    enabled: (host: NotebookHost) => boolean = () => true
  ): void => {
    app.commands.addCommand(id, {
      label,
      caption,
      icon: id === CommandIds.getIdea ? ideatorIcon : undefined,
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => hosts.current !== null && enabled(hosts.current),
      execute: () => {
        if (hosts.current) {
          does(hosts.current);
        }
      }
    });
  };
  const show = (): void => app.shell.activateById('mle-ideator-panel');
  const works = (host: NotebookHost): boolean => !['idle', undefined].includes(host.state?.activity);

  app.commands.addCommand(CommandIds.open, {
    label: trans.__('Show the Ideator'),
    caption: trans.__('Show what to try next in this notebook'),
    icon: ideatorIcon,
    describedBy: { args: { type: 'object', properties: {} } },
    execute: show
  });
  add(CommandIds.getIdea, trans.__('Get Idea'), trans.__('Ask the Ideator what to try next in this notebook'), host => {
    show();
    host.send({ type: 'get_idea' });
  });
  add(
    CommandIds.autopilot,
    trans.__('Start Autopilot (%1 trials)', String(STEPS)),
    trans.__('Try one idea after the other in this notebook'),
    host => {
      show();
      host.send({ type: 'start_autopilot', steps: STEPS, after: host.anchor() });
    },
    host => !works(host)
  );
  add(
    CommandIds.pause,
    trans.__('Pause or Resume Autopilot'),
    trans.__('Pause after the trial that is running, or go on'),
    host => host.send({ type: 'control', what: host.state?.activity === 'paused' ? 'resume' : 'pause' }),
    works
  );
  add(
    CommandIds.stop,
    trans.__('Stop the Ideator'),
    trans.__('Stop what the Ideator does; a cell of yours that runs goes on'),
    host => host.send({ type: 'control', what: 'stop' }),
    works
  );
  add(
    CommandIds.undo,
    trans.__('Undo the Trial of This Cell'),
    trans.__('Remove the cells of this trial, but none that you have edited'),
    host => host.send({ type: 'undo_trial', trial: trialHere(host)! }),
    host => trialHere(host) !== null
  );
  add(
    CommandIds.keep,
    trans.__('Keep the Best Solution'),
    trans.__('Insert the best trial so far as ordinary cells'),
    host => host.send({ type: 'keep_trial', trial: host.state!.best!.trial, after: host.anchor() }),
    host => !host.stale && Boolean(host.state?.best)
  );
  return Object.values(CommandIds);
}

/** Returns the trial that the active cell belongs to, or null. */
function trialHere(host: NotebookHost): string | null {
  const mark = host.panel.content.activeCell?.model.getMetadata('mle_ideator') as Partial<TrialMark> | undefined;
  return typeof mark?.trial === 'string' && mark.trial ? mark.trial : null;
}
