/** The front end that a widget is: it talks through the widget's own messages and cannot touch cells. */

import type { IPanelHost, LinkState, PanelActions } from '../panel';
import { mergeTrials } from '../panel/merging';
import type { Command, Fetch, Fetched, Message, PanelState, TrialView } from '../protocol';
import { WIRE } from '../protocol';
import { copyText, saveFile } from './browser';

/** What of a widget's model is used here. */
export interface WidgetModel {
  send(content: unknown): void;
  on(event: 'msg:custom', callback: (content: unknown) => void): void;
  off(event: 'msg:custom', callback: (content: unknown) => void): void;
}

interface Waiting {
  resolve(text: string): void;
  reject(error: Error): void;
}

const PATIENCE = 15_000;
const NO_CELLS = 'a widget cannot insert cells into the notebook';

/** The host of one view of the widget. */
export class WidgetHost implements IPanelHost {
  link: LinkState = { kind: 'connecting' };
  readonly title: string;
  state: PanelState | null = null;
  growing = '';
  trials: readonly TrialView[] = [];
  readonly stale = false;
  readonly actions: PanelActions = { copy: copyText, download: saveFile };
  private readonly callbacks = new Set<() => void>();
  private readonly waiting = new Map<string, Waiting>();
  private readonly patience: ReturnType<typeof setTimeout>;
  private readonly mark = Math.random().toString(36).slice(2);
  private asked = 0;

  constructor(
    private readonly model: WidgetModel,
    title: string
  ) {
    this.title = title;
    model.on('msg:custom', this.receive);
    this.patience = setTimeout(() => this.giveUp(), PATIENCE);
    this.send({ type: 'hello', wire: WIRE, path: '', notebook_id: '', events: [], sources: [] });
  }

  /** Ends the listening; what was asked for and did not come is refused. */
  dispose(): void {
    clearTimeout(this.patience);
    this.model.off('msg:custom', this.receive);
    this.waiting.forEach(one => one.reject(new Error('the widget was closed')));
    this.waiting.clear();
  }

  onChange(callback: () => void): () => void {
    this.callbacks.add(callback);
    return () => this.callbacks.delete(callback);
  }

  send(command: Command): void {
    this.model.send(command);
  }

  fetch(what: Fetch['what'], trial = ''): Promise<string> {
    const request = `${this.mark}-${++this.asked}`;
    return new Promise((resolve, reject) => {
      this.waiting.set(request, { resolve, reject });
      this.send({ type: 'fetch', request, what, trial });
    });
  }

  t(text: string, ...values: (string | number)[]): string {
    return text.replace(/%(\d)/g, (_, place: string) => String(values[Number(place) - 1] ?? ''));
  }

  anchor(): string {
    return '';
  }

  private readonly receive = (content: unknown): void => {
    const message = content as Message;
    switch (message.type) {
      case 'state':
        clearTimeout(this.patience);
        this.state = message;
        this.link = message.wire === WIRE ? { kind: 'ready' } : { kind: 'mismatch' };
        break;
      case 'growing':
        this.growing = message.text;
        break;
      case 'trials':
        this.trials = mergeTrials(this.trials, message);
        break;
      case 'fetched':
        this.settle(message);
        return;
      case 'run_cell':
        this.send({
          type: 'ran',
          request: message.request,
          how: 'refused',
          cell: '',
          outputs: [],
          message: NO_CELLS
        });
        return;
      case 'insert_cells':
      case 'remove_cells':
        this.send({
          type: 'changed',
          request: message.request,
          cells: [],
          left: message.type === 'remove_cells' ? message.cells.map(cell => cell.cell) : [],
          message: NO_CELLS
        });
        return;
      default:
        return;
    }
    this.callbacks.forEach(callback => callback());
  };

  private settle({ request, text, error }: Fetched): void {
    const one = this.waiting.get(request);
    this.waiting.delete(request);
    if (error) {
      one?.reject(new Error(error));
    } else {
      one?.resolve(text);
    }
  }

  private giveUp(): void {
    this.link = { kind: 'error', detail: this.t('The kernel does not answer. Run this cell again.') };
    this.callbacks.forEach(callback => callback());
  }
}
