/** What every part of the panel can reach: its front end, the translator, and bulk on request. */

import { createContext } from 'preact';
import { useCallback, useContext, useEffect, useState } from 'preact/hooks';
import type { Fetch } from '../protocol';
import type { IPanelHost } from './host';

export const HostContext = createContext<IPanelHost | null>(null);

/** Returns the front end that the panel lives in. */
export function useHost(): IPanelHost {
  const host = useContext(HostContext);
  if (!host) {
    throw new Error('a part of the panel was drawn outside it');
  }
  return host;
}

/** Returns the translator. */
export function useTranslator(): IPanelHost['t'] {
  const host = useHost();
  return useCallback((text, ...values) => host.t(text, ...values), [host]);
}

/** Whether commands reach the kernel. */
export function isLive(host: IPanelHost): boolean {
  return host.link.kind === 'ready' && !host.stale;
}

export interface Fetched {
  text: string;
  error: string;
  waiting: boolean;
}

/** Returns bulk text, asked for again whenever `what`, `trial` or `again` changes; `what` null asks for nothing. */
export function useFetched(what: Fetch['what'] | null, trial = '', again: unknown = 0): Fetched {
  const host = useHost();
  const [fetched, setFetched] = useState<Fetched>({ text: '', error: '', waiting: what !== null });
  useEffect(() => {
    if (what === null) {
      return;
    }
    let wanted = true;
    setFetched({ text: '', error: '', waiting: true });
    host.fetch(what, trial || undefined).then(
      text => wanted && setFetched({ text, error: '', waiting: false }),
      (error: unknown) => wanted && setFetched({ text: '', error: reason(error), waiting: false })
    );
    return () => {
      wanted = false;
    };
  }, [host, what, trial, again]);
  return fetched;
}

/** Returns the one line of a rejection. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
