/** What the panel says when it cannot work yet, and what to do about it. */

import type { JSX } from 'preact';
import type { PanelState } from '../protocol';
import { isLive, useHost, useTranslator } from './context';
import { Button, Notice } from './parts';

/** How the panel stands with the kernel, where that is not simply well. */
export function LinkNotice(): JSX.Element | null {
  const host = useHost();
  const t = useTranslator();
  const { kind, detail } = host.link;
  const { installPackage, installFrom } = host.actions;
  const past = host.trials.length > 0;
  switch (kind) {
    case 'no-notebook':
      return <Notice>{t('Open a notebook: ideas for it and what came of them show up here.')}</Notice>;
    case 'no-kernel':
      return (
        <Notice>
          {past
            ? t('No kernel. This is the history kept in the notebook; start a kernel to go on.')
            : t('No kernel. Start one to get ideas for this notebook.')}
        </Notice>
      );
    case 'connecting':
      return (
        <Notice>
          <span class="mij-pulse" aria-hidden="true" /> {t('Connecting to the kernel…')}
        </Notice>
      );
    case 'no-package':
      return (
        <Notice
          actions={
            installPackage && (
              <Button primary testid="mij-install" onClick={() => installPackage()}>
                {t('Install it into this kernel')}
              </Button>
            )
          }
        >
          {t('This kernel does not have the package mle_ideator_jupyter.')}
          {installPackage && installFrom && (
            <>
              {' '}
              {t('It would be installed with:')}
              <code class="mij-command">pip install {installFrom}</code>
            </>
          )}
          {detail && <div class="mij-faint">{detail}</div>}
        </Notice>
      );
    case 'mismatch':
      return (
        <Notice icon="warning" alert>
          {t('The panel and the package in the kernel have different versions.')}{' '}
          {detail || t('Install the same version of mle_ideator_jupyter in both, then restart the kernel.')}
        </Notice>
      );
    case 'error':
      return (
        <Notice icon="warning" alert testid="mij-error">
          {detail || t('The kernel does not answer. Restart it, or reload the page.')}
        </Notice>
      );
    case 'ready':
      return null;
  }
}

/** What stands in the way now: the session's error, an empty kernel, a kernel that answers late. */
export function SessionNotices({ state }: { state: PanelState }): JSX.Element {
  const host = useHost();
  const t = useTranslator();
  const live = isLive(host);
  const { runNotebook } = host.actions;
  return (
    <>
      {state.error && (
        <Notice icon="warning" alert testid="mij-error">
          {state.error}
        </Notice>
      )}
      {live && state.empty && (
        <Notice
          actions={
            <>
              {runNotebook && (
                <Button primary testid="mij-run-notebook" onClick={() => runNotebook()}>
                  {t('Run the notebook')}
                </Button>
              )}
              <Button testid="mij-look-again" onClick={() => host.send({ type: 'control', what: 'look' })}>
                {t('Look again')}
              </Button>
            </>
          }
        >
          {t('The kernel holds no data yet. Run the cells that load it.')}
        </Notice>
      )}
      {host.link.busyWaits && (
        <Notice>{t('This kernel answers only between cells; with ipykernel 7 or newer it answers at once.')}</Notice>
      )}
    </>
  );
}

/** What is good to know: trials from elsewhere, and the session's notes. */
export function SessionNotes({ state }: { state: PanelState }): JSX.Element {
  const host = useHost();
  const t = useTranslator();
  return (
    <>
      {state.imported > 0 && (
        <Notice
          actions={
            isLive(host) && (
              <Button testid="mij-trust" onClick={() => host.send({ type: 'control', what: 'trust' })}>
                {t('Trust')}
              </Button>
            )
          }
        >
          {t('%1 trials came from elsewhere. They do not count until you trust them.', state.imported)}
        </Notice>
      )}
      {state.notes.map(note => (
        <Notice key={note} testid="mij-note-line">
          {note}
        </Notice>
      ))}
    </>
  );
}
