/** Inserts, runs and removes cells in one captured notebook, whatever tab the user looks at. */

import { CodeCell, type Cell } from '@jupyterlab/cells';
import { NotebookActions, runCell, type INotebookCellExecutor, type NotebookPanel } from '@jupyterlab/notebook';
import type { Answers, Changed, InsertCells, NewCell, Placed, Ran, RemoveCells, RunCell } from '../protocol';
import { digest } from './digest';

/** Milliseconds in which answers are gathered into one message. */
const MOMENT = 25;

/** What a cell of ours carries in its metadata. */
export interface TrialMark {
  trial: string;
  number: number | null;
}

type Translate = (text: string, ...values: string[]) => string;
type SharedCell = NonNullable<NotebookPanel['model']>['sharedModel']['cells'][number];

export class CellRunner {
  constructor(
    private readonly panel: NotebookPanel,
    private readonly executor: INotebookCellExecutor | null,
    private readonly reply: (answers: Answers) => void,
    private readonly t: Translate
  ) {}

  /** Inserts a cell and runs it, and tells the session at each step. */
  async run(asked: RunCell): Promise<void> {
    const answer = (how: Ran['how'], cell = '', message = '', outputs: Ran['outputs'] = []): void =>
      this.send({ type: 'ran', request: asked.request, how, cell, outputs, message });
    if (!this.shared) {
      answer('refused', '', this.readOnly());
      return;
    }
    const id = this.standing(asked.cell) ?? this.replaced(asked) ?? this.insertAfter(asked.after, [asked.cell])[0];
    const cell = await this.widget(id);
    if (!(cell instanceof CodeCell)) {
      answer('missing', id);
      return;
    }
    if (cell.model.sharedModel.getSource() !== asked.cell.source) {
      answer('edited', id);
      return;
    }
    this.send({ type: 'placed', request: asked.request, cell: id });
    try {
      await this.execute(cell);
    } catch (reason) {
      if (!cell.isDisposed && cell.model.executionCount === null) {
        answer('refused', id, this.t('the cell was not run: %1', String(reason).split('\n')[0]));
        return;
      }
    }
    if (asked.fold && !cell.isDisposed) {
      fold(cell);
    }
    answer('ran', id, '', cell.isDisposed ? [] : (cell.model.outputs.toJSON() as unknown as Ran['outputs']));
  }

  /** Inserts cells in one undo step. */
  insert(asked: InsertCells): void {
    const cells = this.insertAfter(asked.after, asked.cells);
    const message = cells.length ? '' : this.readOnly();
    this.send({ type: 'changed', request: asked.request, cells, left: [], message });
    this.scrollTo(cells);
  }

  /** Removes cells in one undo step, but none whose source is not ours any more. */
  remove(asked: RemoveCells): void {
    const shared = this.shared;
    const sources = new Map((shared?.cells ?? []).map(cell => [cell.id, cell.getSource()]));
    const left = asked.cells
      .filter(({ cell, digest: ours }) => !shared || (sources.has(cell) && digest(sources.get(cell)!) !== ours))
      .map(placed => placed.cell);
    const cells = asked.cells.map(placed => placed.cell).filter(id => !left.includes(id));
    shared?.transact(() => {
      for (let place = shared.cells.length - 1; place >= 0; place--) {
        if (cells.includes(shared.cells[place].id)) {
          shared.deleteCell(place);
        }
      }
      if (shared.cells.length === 0) {
        shared.insertCell(0, { cell_type: 'code' });
      }
    });
    this.send({ type: 'changed', request: asked.request, cells, left, message: shared ? '' : this.readOnly() });
  }

  /** Inserts a cell of the user's after one, shows it and runs it. */
  async tryOut(source: string, after: string): Promise<void> {
    const cells = this.insertAfter(after, [{ source, title: '', markdown: false, trial: '', number: null }]);
    this.scrollTo(cells);
    const cell = await this.widget(cells[0]);
    if (cell instanceof CodeCell) {
      await this.execute(cell).catch(() => undefined); // its output says what is wrong
    }
  }

  /** Inserts a note at the anchor. */
  note(markdown: string, after: string): void {
    this.scrollTo(this.insertAfter(after, [{ source: markdown, title: '', markdown: true, trial: '', number: null }]));
  }

  /** Shows the first of these cells that is there, and selects it. */
  scrollTo(ids: readonly string[]): void {
    const notebook = this.panel.content;
    const place = notebook.widgets.findIndex(cell => ids.includes(cell.model.id));
    if (place >= 0) {
      notebook.activeCellIndex = place;
      NotebookActions.expandParent(notebook.widgets[place], notebook);
      notebook.widgets[place].inputHidden = false;
      void notebook.scrollToItem(place, 'smart');
    }
  }

  /** The notebook's cells, where they may be changed. */
  private get shared() {
    const { isDisposed, model } = this.panel;
    return isDisposed || !model || model.readOnly ? null : model.sharedModel;
  }

  private readOnly(): string {
    return this.t('the notebook cannot be changed: it is open for reading only');
  }

  /** Returns the cell that stands there from before: after a reload the session may ask for the same once more. */
  private standing(cell: NewCell): string | undefined {
    return this.shared?.cells.find(one => {
      return cell.trial !== '' && markOf(one)?.trial === cell.trial && one.getSource() === cell.source;
    })?.id;
  }

  /** Gives the cell that is to be replaced its new source; not one that was edited meanwhile. */
  private replaced({ cell, replaces }: RunCell): string | undefined {
    const old = this.shared?.cells.find(one => one.id === replaces?.cell);
    if (!replaces || !old || digest(old.getSource()) !== replaces.digest) {
      return undefined;
    }
    old.setSource(cell.source);
    return old.id;
  }

  private insertAfter(after: string, cells: readonly NewCell[]): string[] {
    const shared = this.shared;
    if (!shared) {
      return [];
    }
    const anchor = shared.cells.findIndex(cell => cell.id === after);
    let place = anchor < 0 ? shared.cells.length : anchor + 1;
    while (cells[0]?.trial && markOf(shared.cells[place])?.trial === cells[0].trial) {
      place++; // those of the same trial that were asked for before this one
    }
    shared.transact(() => {
      shared.insertCells(
        place,
        cells.map(cell => ({
          cell_type: cell.markdown ? 'markdown' : 'code',
          source: cell.source,
          metadata: metadata(cell) as never
        }))
      );
    });
    return shared.cells.slice(place, place + cells.length).map(cell => cell.id);
  }

  /** Returns the widget of a cell; the notebook may draw a new cell a moment later. */
  private async widget(id: string): Promise<Cell | undefined> {
    for (let waited = 0; waited < 40; waited++) {
      const found = this.panel.content.widgets.find(cell => cell.model.id === id);
      if (found || this.panel.isDisposed) {
        return found;
      }
      await new Promise(resolve => setTimeout(resolve, 25));
    }
    return undefined;
  }

  /** Answers at once after a quiet moment, else together with what comes within the next: each message costs. */
  private send(answer: Placed | Ran | Changed): void {
    this._answers.push(answer);
    if (!this._gathering) {
      this.flush();
    }
  }

  private flush(): void {
    this._gathering = this._answers.length > 0;
    if (this._gathering) {
      this.reply({ type: 'answers', answers: this._answers });
      this._answers = [];
      setTimeout(() => this.flush(), MOMENT);
    }
  }

  private async execute(cell: CodeCell): Promise<void> {
    const { content, context } = this.panel;
    const execute = this.executor ? this.executor.runCell.bind(this.executor) : runCell;
    await execute({
      cell,
      notebook: content.model!,
      notebookConfig: content.notebookConfig,
      onCellExecuted: () => undefined,
      onCellExecutionScheduled: () => undefined,
      sessionContext: context.sessionContext
    });
  }

  private _answers: (Placed | Ran | Changed)[] = [];
  private _gathering = false;
}

/** Folds a cell's code away, here and where the notebook is opened again; its first line and its outputs stay. */
function fold(cell: CodeCell): void {
  cell.inputHidden = true;
  const { sharedModel } = cell.model;
  const jupyter = sharedModel.getMetadata('jupyter');
  sharedModel.setMetadata('jupyter', { ...(typeof jupyter === 'object' ? jupyter : {}), source_hidden: true });
}

function markOf(cell: SharedCell | undefined): Partial<TrialMark> | undefined {
  return cell?.getMetadata('mle_ideator') as Partial<TrialMark> | undefined;
}

function metadata(cell: NewCell): Record<string, unknown> {
  if (!cell.trial) {
    return {};
  }
  const mark: TrialMark = { trial: cell.trial, number: cell.number ?? null };
  // A trial that fails must not cancel the user's own cells that wait behind it.
  return { mle_ideator: mark, tags: ['raises-exception'] };
}
