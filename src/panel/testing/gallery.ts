/** Every state of the panel, to be looked at in a browser and checked for what a reader with a keyboard or a screen reader meets. */

import type { PanelState } from '../../protocol';
import { mountPanel } from '../index';
import '../panel.css';
import { FakeHost, idea, panelState, trial } from './fake';

const past = [
  trial(0, 0.1283, { title: 'Baseline', kind: 'baseline', idea: null }),
  trial(1, 0.1225, { delta: 0.0058, idea: 'i1', title: 'Model log(price), not price' }),
  trial(2, null, { title: 'Fit a linear model beside boosting', message: 'ValueError: Input X contains NaN.' }),
  trial(3, 0.1164, { delta: 0.0119, best: true, kept: true, title: 'Blend histogram boosting and ridge' }),
  trial(4, 0.1301, { delta: -0.0018, omitted: ['the neighbourhood’s mean'], changed: ['train'] }),
  trial(5, 0.11, { series: 'rmsle, own', title: 'Own cell', kind: '' }),
  trial(6, 0.119, { imported: true, title: 'From elsewhere' })
];
const ideas = [
  idea(),
  idea({ id: 'i2', number: 2, kind: 'ensembling', title: 'Blend two families', vote: 1, trial: 3, steps: [] }),
  idea({ id: 'i3', number: 3, kind: 'data_preparation', title: 'Fill gaps by group', dismissed: true })
];
const lived: Partial<PanelState> = {
  ideas,
  baseline: 0.1283,
  best: { trial: 't3', number: 3, value: 0.1164, delta: 0.0119 },
  trials: 6,
  improved: 2,
  brief_tokens: 1834,
  estimators: ['model']
};
const begun = (change: Partial<PanelState>): Partial<FakeHost> => ({
  state: panelState({ ...lived, ...change }),
  trials: past
});
const run = { steps_done: 3, percent: 30, steps: 10, seconds_left: 412, cost_left: 0.42, paused: false, reason: '' };
const running = trial(7, null, { status: 'running', title: 'Encode the neighbourhood by its mean price', seconds: 0 });

/** What the panel is shown with, by name. */
const STATES: Record<string, Partial<FakeHost>> = {
  'no-notebook': { link: { kind: 'no-notebook' } },
  'no-kernel': { link: { kind: 'no-kernel' } },
  'no-kernel-past': { link: { kind: 'no-kernel' }, ...begun({}), stale: true },
  connecting: { link: { kind: 'connecting' } },
  'no-package': { link: { kind: 'no-package', detail: 'No module named mle_ideator_jupyter' } },
  mismatch: { link: { kind: 'mismatch', detail: 'The panel is 0.1.0, the kernel has 9.9.9.' } },
  broken: { link: { kind: 'error' } },
  fresh: { state: panelState({ task: null }) },
  empty: { state: panelState({ empty: true, task: null, frames: [] }) },
  late: { link: { kind: 'ready', busyWaits: true }, ...begun({}) },
  error: begun({ error: 'no column is called prize: say which column is to be predicted' }),
  ready: begun({ notes: ['houses.ideas.jsonl: its last line was torn'] }),
  thinking: { ...begun({ activity: 'thinking', message: 'asking for an idea' }), growing: 'Model the logarithm of' },
  running: { ...begun({ activity: 'running', message: 'trial 7', run }), trials: [...past, running] },
  paused: begun({ activity: 'paused', run: { ...run, paused: true, reason: 'the page was closed' } }),
  approval: begun({
    activity: 'approval',
    approval: {
      request: 'q1',
      trial: 't7',
      number: 7,
      title: 'Encode the neighbourhood by its mean price',
      action: 'Insert and run this cell as trial 7, on copies of your data',
      source: 'def trial_07(train, test):\n    return train.groupby("area").price.mean()\n\ntrain["x"] = 1',
      touches: ['train: line 4: train["x"] = 1']
    }
  }),
  elsewhere: begun({ imported: 4 }),
  cell: begun({ inserts: false, run_in_cell: '%ideate go' })
};

let unmount: (() => void) | undefined;

declare global {
  interface Window {
    gallery: { names: string[]; show(name: string): void };
  }
}

window.gallery = {
  names: Object.keys(STATES),
  show(name) {
    unmount?.();
    const host = new FakeHost({ state: null, ...STATES[name] });
    host.answers = { brief: '# Task\n\nPredict price.' };
    unmount = mountPanel(document.getElementById('panel')!, host);
  }
};
