import { describe, expect, test } from 'vitest';
import { idea, panelState, task, trial } from './testing/fake';
import { all, click, one, open, settle, show } from './testing/screen';

describe('text from anywhere', () => {
  const hostile = '<img src=x onerror="globalThis.hit=1"><script>globalThis.hit=1</script>';

  test('is shown as text, wherever it stands', async () => {
    const host = show({
      title: hostile,
      trials: [
        trial(0, 0.1, { title: hostile, series: hostile }),
        trial(1, null, { title: hostile, message: hostile })
      ],
      state: panelState({
        task: task({ train: hostile, line: hostile }),
        error: hostile,
        message: hostile,
        notes: [hostile],
        ideas: [
          idea({
            title: hostile,
            rationale: hostile,
            evidence: [hostile],
            steps: [hostile],
            kind: hostile,
            ideator: hostile
          })
        ],
        approval: {
          request: 'r',
          trial: 't',
          number: 2,
          title: hostile,
          action: hostile,
          source: hostile,
          touches: [hostile]
        }
      })
    });
    host.answers.brief = hostile;
    open('mij-brief');
    await settle();
    expect(document.body.querySelector('img, script, a')).toBeNull();
    expect(one('mij-idea-card').querySelector('h4')?.textContent).toBe(hostile);
    expect(one('mij-approval-source').textContent).toBe(hostile);
    expect(one('mij-brief-text').textContent).toBe(hostile);
    expect('hit' in globalThis).toBe(false);
  });

  test('a kind that is the name of a method draws an icon', () => {
    show({ state: panelState({ ideas: [idea({ kind: 'constructor' })] }) });
    expect(one('mij-idea-card').querySelector('svg path')?.getAttribute('d')).toMatch(/^M/);
  });
});

describe('states', () => {
  test.each([
    ['no-notebook', 'Open a notebook'],
    ['no-kernel', 'No kernel'],
    ['connecting', 'Connecting'],
    ['no-package', 'does not have the package'],
    ['mismatch', 'different versions'],
    ['error', 'does not answer']
  ] as const)('%s says so, and offers no idea', (kind, words) => {
    show({ link: { kind }, state: null });
    expect(one('mij-state').dataset.link).toBe(kind);
    expect(document.body.textContent).toContain(words);
    expect(all('mij-get-idea')).toHaveLength(0);
  });

  test('the first click needs no state', () => {
    const host = show({ state: null });
    click('mij-get-idea');
    expect(host.sent).toEqual([{ type: 'get_idea', hint: '', kinds: [], n: 1 }]);
  });

  test('a missing package is installed from where it says', () => {
    const host = show({ link: { kind: 'no-package' }, state: null });
    expect(document.body.textContent).toContain('pip install mle_ideator_jupyter==0.1.0');
    click('mij-install');
    expect(host.calls).toEqual([['installPackage']]);
  });

  test('an empty kernel offers to run the notebook', () => {
    const host = show({ state: panelState({ empty: true, task: null, frames: [] }) });
    click('mij-run-notebook');
    expect(host.calls).toEqual([['runNotebook']]);
  });

  test('a snapshot shows the history and sends nothing', () => {
    show({
      link: { kind: 'no-kernel' },
      stale: true,
      trials: [trial(0, 0.2, { best: true })],
      state: panelState({ ideas: [idea()], best: { trial: 't0', number: 0, value: 0.2, delta: null } })
    });
    expect(one('mij-best').textContent).toBe('0.2000');
    expect(all('mij-trial-row')).toHaveLength(1);
    for (const gone of ['mij-try', 'mij-keep', 'mij-vote-up', 'mij-export-csv']) {
      expect(all(gone), gone).toHaveLength(0);
    }
  });

  test('errors are read out', () => {
    show({ state: panelState({ error: 'Set a key first' }) });
    expect(one('mij-error').getAttribute('role')).toBe('alert');
  });

  test('events from elsewhere wait for trust', () => {
    const host = show({ state: panelState({ imported: 3 }) });
    expect(document.body.textContent).toContain('3 trials came from elsewhere');
    click('mij-trust');
    expect(host.sent).toEqual([{ type: 'control', what: 'trust' }]);
  });

  test('a change of the host is drawn', async () => {
    const host = show();
    host.set({ state: panelState({ activity: 'thinking', message: 'thinking about prices' }) });
    await settle();
    expect(one('mij-state').dataset.activity).toBe('thinking');
    expect(one('mij-message').textContent).toBe('thinking about prices');
    expect((one('mij-get-idea') as HTMLButtonElement).disabled).toBe(true);
  });
});
