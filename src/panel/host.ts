/** The seam between the panel and the front end it lives in: the sidebar of JupyterLab, or a widget's output. */

import type { Command, Fetch, PanelState, TrialView } from '../protocol';

/** How the panel stands with the notebook's kernel. */
export interface LinkState {
  kind: 'no-notebook' | 'no-kernel' | 'connecting' | 'no-package' | 'mismatch' | 'ready' | 'error';
  /** One line for people: the error, or which versions differ. */
  detail?: string;
  /** The kernel has no subshells: an answer waits for the running cell. */
  busyWaits?: boolean;
}

/** What a front end can do besides talking to the kernel; the panel offers only what is there. */
export interface PanelActions {
  insertNote?(markdown: string): void;
  scrollToCells?(ids: readonly string[]): void;
  copy(text: string): void;
  download(name: string, text: string, mime: string): void;
  installPackage?(): void;
  /** Where `installPackage` takes the package from, as it would stand after "pip install". */
  installFrom?: string;
  runNotebook?(): void;
  openSettings?(): void;
}

/** All that the panel knows of its front end. Its properties change; `onChange` says when. */
export interface IPanelHost {
  readonly link: LinkState;
  /** The notebook's name. */
  readonly title: string;
  readonly state: PanelState | null;
  /** What an Ideator has answered so far, as text; empty where none is answering. */
  readonly growing: string;
  /** Replaced, never changed in place, so that the panel can compare by identity. */
  readonly trials: readonly TrialView[];
  /** The state is a snapshot from the notebook's metadata; no kernel stands behind it. */
  readonly stale: boolean;
  /** Calls back after every change; the returned function ends that. */
  onChange(callback: () => void): () => void;
  send(command: Command): void;
  /** Resolves with the text asked for, and rejects with one line that says why there is none. */
  fetch(what: Fetch['what'], trial?: string): Promise<string>;
  /** Translates; `%1`, `%2` … stand for the values. */
  t(text: string, ...values: (string | number)[]): string;
  /** The id of the cell after which new cells go; empty for the end of the notebook. */
  anchor(): string;
  readonly actions: PanelActions;
}
