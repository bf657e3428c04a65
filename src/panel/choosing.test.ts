import { describe, expect, test } from 'vitest';
import { act } from 'preact/test-utils';
import { idea, panelState } from './testing/fake';
import { all, click, one, open, settle, show, type } from './testing/screen';

describe('an idea that is coming', () => {
  test('grows above the others, as text, and makes way for its card', async () => {
    const host = show({ state: panelState({ ideas: [idea()] }), growing: 'Blend <b>two' });
    expect(one('mij-growing').querySelector('h4')?.textContent).toBe('Blend <b>two');
    host.set({ growing: 'Blend two\nThey err apart.\n- fit both' });
    await settle();
    expect(one('mij-growing').querySelector('p')?.textContent).toBe('They err apart.\n- fit both');
    host.set({ growing: '' });
    await settle();
    expect(all('mij-growing')).toHaveLength(0);
    expect(all('mij-idea-card')).toHaveLength(1);
  });

  test('says its number, by which the magics know it', () => {
    show({ state: panelState({ ideas: [idea({ number: 12 })] }) });
    const aside = one('mij-idea-card').querySelector('.mij-aside');
    expect(aside?.textContent).toBe('12 · playbook');
    expect(aside?.getAttribute('title')).toContain('%%implement 12');
  });
});

describe('models of the user', () => {
  test('can be scored like the trials', () => {
    const task = panelState().task;
    const host = show({ state: panelState({ task, estimators: ['model', 'forest'] }) });
    const choice = one('mij-own-models').querySelector('select') as HTMLSelectElement;
    act(() => {
      choice.value = 'forest';
      choice.dispatchEvent(new Event('change', { bubbles: true }));
    });
    click('mij-rescore');
    expect(host.sent).toEqual([{ type: 'rescore', estimator: 'forest', after: 'cell-7' }]);
  });

  test('nothing is offered where there is none', () => {
    show();
    expect(all('mij-own-models')).toHaveLength(0);
  });
});

describe('what agents are told', () => {
  test('its level and its parts are chosen, and the Brief is read again', async () => {
    const host = show({ state: panelState({ brief_without: ['profile'] }) });
    open('mij-brief');
    await settle();
    type('mij-brief-level', 'brief', 'change');
    click('mij-brief-part-gpus');
    click('mij-brief-part-profile');
    expect(host.sent).toEqual([
      { type: 'choose', brief_level: 'brief' },
      { type: 'choose', brief_without: ['profile', 'gpus'] },
      { type: 'choose', brief_without: [] }
    ]);
    const before = host.calls.length;
    act(() => host.set({ state: panelState({ brief_level: 'brief' }) }));
    await settle();
    expect(host.calls.slice(before)).toEqual([['fetch', 'brief', undefined]]);
  });
});
