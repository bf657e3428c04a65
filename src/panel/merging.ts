/** How the trials that a front end holds follow the messages; both doors use it. */

import type { Trials, TrialView } from '../protocol';

/** Returns the trials after a message, in the order of their numbers; the array given is left as it is. */
export function mergeTrials(held: readonly TrialView[], message: Trials): TrialView[] {
  const rows = new Map<string, TrialView>();
  for (const row of message.all ? message.rows : [...held, ...message.rows]) {
    rows.set(row.id, row);
  }
  return [...rows.values()].sort((a, b) => a.number - b.number || a.time - b.time);
}
