/** Inserts, runs and removes cells in one captured notebook, whatever tab the user looks at. */

import { CodeCell, type Cell } from '@jupyterlab/cells';
import { NotebookActions, type INotebookCellExecutor, type NotebookPanel } from '@jupyterlab/notebook';
import type { Changed, Command, InsertCells, NewCell, PlacedCell, Ran, RemoveCells, RunCell } from '../protocol';
import { digest } from './digest';

/** What a cell of ours carries in its metadata. */
export interface TrialMark {
  trial: string;
  number: number | null;
}

export class CellRunner {
  constructor(
    private readonly panel: NotebookPanel,
    private readonly executor: INotebookCellExecutor | null,
    private readonly send: (command: Command) => void
  ) {}

  /** Inserts a cell and runs it, and tells the session at each step. */
  async run(asked: RunCell): Promise<void> {
    const answer = (how: Ran['how'], cell = '', message = '', outputs: Ran['outputs'] = []): void =>
      this.send({ type: 'ran', request: asked.request, how, cell, outputs, message });
    const [id] = this.insertAfter(asked.after, [asked.cell]);
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
        answer('refused', id, `the cell was not run: ${String(reason).split('\n')[0]}`);
        return;
      }
    }
    answer('ran', id, '', cell.isDisposed ? [] : (cell.model.outputs.toJSON() as unknown as Ran['outputs']));
  }

  /** Inserts cells in one undo step. */
  insert(asked: InsertCells): void {
    const cells = this.insertAfter(asked.after, asked.cells);
    this.send({ type: 'changed', request: asked.request, cells, left: [], message: '' });
    this.scrollTo(cells);
  }

  /** Removes cells in one undo step, but none whose source is not ours any more. */
  async remove(asked: RemoveCells): Promise<void> {
    const digests = new Map<string, string>();
    for (const cell of this.shared?.cells ?? []) {
      digests.set(cell.id, await digest(cell.getSource()));
    }
    const ours = (placed: PlacedCell): boolean => digests.get(placed.cell) === placed.digest;
    const gone = new Set(asked.cells.filter(ours).map(placed => placed.cell));
    const left = asked.cells.map(placed => placed.cell).filter(id => !gone.has(id) && digests.has(id));
    const shared = this.shared;
    shared?.transact(() => {
      for (let place = shared.cells.length - 1; place >= 0; place--) {
        if (gone.has(shared.cells[place].id)) {
          shared.deleteCell(place);
        }
      }
    });
    const changed: Changed = { type: 'changed', request: asked.request, cells: [...gone], left, message: '' };
    this.send(changed);
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
      void notebook.scrollToItem(place, 'smart');
    }
  }

  private get shared() {
    return this.panel.model?.sharedModel;
  }

  private insertAfter(after: string, cells: readonly NewCell[]): string[] {
    const shared = this.shared;
    if (!shared) {
      return [];
    }
    const anchor = shared.cells.findIndex(cell => cell.id === after);
    const place = anchor < 0 ? shared.cells.length : anchor + 1;
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

  private async execute(cell: CodeCell): Promise<void> {
    const { content, context } = this.panel;
    if (this.executor === null || content.model === null) {
      await CodeCell.execute(cell, context.sessionContext);
      return;
    }
    await this.executor.runCell({
      cell,
      notebook: content.model,
      notebookConfig: content.notebookConfig,
      onCellExecuted: () => undefined,
      onCellExecutionScheduled: () => undefined,
      sessionContext: context.sessionContext
    });
  }
}

function metadata(cell: NewCell): Record<string, unknown> {
  if (!cell.trial) {
    return {};
  }
  const mark: TrialMark = { trial: cell.trial, number: cell.number ?? null };
  // A trial that fails must not cancel the user's own cells that wait behind it.
  return { mle_ideator: mark, tags: ['raises-exception'] };
}
