import { describe, expect, test } from 'vitest';
import { panelState, trial } from './testing/fake';
import { all, click, one, press, settle, show } from './testing/screen';

describe('trials', () => {
  const rows = [trial(0, 0.3, { best: true }), trial(1, 0.2, { best: true, delta: 0.1 }), trial(2, null)];

  test('newest first, then as the user sorts', () => {
    show({ trials: rows });
    const numbers = (): (string | undefined)[] => all('mij-trial-row').map(row => row.dataset.number);
    expect(numbers()).toEqual(['2', '1', '0']);
    click('mij-sort-number');
    expect(numbers()).toEqual(['0', '1', '2']);
  });

  test('a row and a dot lead to the cells', () => {
    const host = show({ trials: rows });
    click(all('mij-trial-row')[1]);
    press('mij-plot', 'Home');
    press('mij-plot', 'Enter');
    expect(host.calls).toEqual([
      ['scrollToCells', 'c1'],
      ['scrollToCells', 'c0']
    ]);
    expect(one('mij-plot').getAttribute('aria-valuetext')).toBe('Trial 0, Trial number 0: 0.3000');
  });

  test.each([
    ['mij-undo', { type: 'undo_trial', trial: 't2' }],
    ['mij-go', ['scrollToCells', 'c2']],
    ['mij-source', ['fetch', 'source', 't2']],
    ['mij-diff', ['fetch', 'diff', 't2']]
  ])('the menu’s %s', async (testid, expected) => {
    const host = show({ trials: rows });
    click(all('mij-trial-menu')[0]);
    click(testid);
    await settle();
    expect([...host.sent, ...host.calls]).toEqual([expected]);
    expect(all('mij-undo')).toHaveLength(0);
  });

  test('a trial without a score cannot be kept, another can', () => {
    const host = show({ trials: rows });
    click(all('mij-trial-menu')[0]);
    expect((one('mij-keep-trial') as HTMLButtonElement).disabled).toBe(true);
    click(all('mij-trial-menu')[1]);
    click('mij-keep-trial');
    expect(host.sent).toEqual([{ type: 'keep_trial', trial: 't1', after: 'cell-7' }]);
  });

  test('the best is kept with one click', () => {
    const host = show({ state: panelState({ best: { trial: 't1', number: 1, value: 0.2, delta: 0.1 } }) });
    click('mij-keep');
    expect(host.sent).toEqual([{ type: 'keep_trial', trial: 't1', after: 'cell-7' }]);
  });

  test('where no page can insert cells, the solution is shown to be copied', async () => {
    const best = { trial: 't1', number: 1, value: 0.2, delta: 0.1 };
    const host = show({ trials: rows, state: panelState({ best, inserts: false }) });
    host.answers.solution = 'model.fit(X, y)';
    click('mij-keep');
    await settle();
    expect(one('mij-detail').textContent).toContain('model.fit(X, y)');
    click('mij-detail-copy');
    click(all('mij-trial-menu')[1]);
    click('mij-keep-trial');
    await settle();
    expect(all('mij-detail')).toHaveLength(2);
    expect(host.sent).toEqual([]);
    expect(host.calls).toContainEqual(['copy', 'model.fit(X, y)']);
  });

  test('what waits for a cell of the user’s says so, and its code is copied', async () => {
    const host = show({ state: panelState({ activity: 'paused', run_in_cell: '%ideate go' }) });
    expect(one('mij-run-in-cell').textContent).toContain('%ideate go');
    click('mij-copy-run');
    expect(host.calls).toEqual([['copy', '%ideate go']]);
    host.set({ state: panelState() });
    await settle();
    expect(all('mij-run-in-cell')).toHaveLength(0);
  });

  test('an export is saved as a file, and its failure is said', async () => {
    const host = show({ trials: rows });
    host.answers.csv = 'number,value\n';
    host.answers.json = new Error('the history cannot be read');
    click('mij-export-csv');
    await settle();
    expect(host.calls).toContainEqual(['download', 'houses-trials.csv', 'number,value\n', 'text/csv']);
    click('mij-export-json');
    await settle();
    expect(document.body.textContent).toContain('the history cannot be read');
  });

  test('of ten thousand trials only those in sight are elements', () => {
    const many = Array.from({ length: 10_000 }, (_, i) => trial(i, i % 7 ? 1 / (i + 1) : null));
    show({ trials: many });
    expect(all('mij-trial-row').length).toBeLessThan(30);
    expect(all('mij-plot-dot').length).toBeLessThan(30);
    expect(document.body.querySelectorAll('*').length).toBeLessThan(600);
  });

  test('arrow keys go through the rows and Enter to the cells', () => {
    const host = show({ trials: rows });
    for (const key of ['ArrowDown', 'ArrowDown', 'Enter']) {
      press('mij-trial-table', key);
    }
    expect(host.calls).toEqual([['scrollToCells', 'c1']]);
  });
});
