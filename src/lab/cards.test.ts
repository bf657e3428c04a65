import { act } from 'preact/test-utils';
import { expect, test } from 'vitest';
import { FakeHost, idea, panelState } from '../panel/testing/fake';
import { all, click, one } from '../panel/testing/screen';
import { drawCards } from './cards';

const MIME = 'application/vnd.mle-ideator.card+json';

/** Draws an output as a notebook would; returns the front end behind it. */
function draw(
  written: unknown,
  state = panelState({ ideas: [idea({ id: 'i9', title: 'The session knows' })] })
): FakeHost {
  const host = new FakeHost({ state });
  drawCards(
    {
      addFactory: (factory: {
        createRenderer(options: unknown): { node: Node; renderModel(model: unknown): unknown };
      }) => {
        const card = factory.createRenderer({});
        document.body.append(card.node);
        act(() => void card.renderModel({ data: { [MIME]: written } }));
      }
    } as never,
    host
  );
  return host;
}

test('an idea of the session is drawn as the session knows it, and its buttons work', () => {
  const host = draw(idea({ id: 'i9', title: 'What the output says' }));
  expect(one('mij-idea-card').querySelector('h4')?.textContent).toBe('The session knows');
  click('mij-try');
  expect(host.sent).toEqual([{ type: 'try_idea', idea: 'i9', after: 'cell-7' }]);
});

test('an idea that the session does not know is text only', () => {
  draw(idea({ id: 'other', title: '<img src=x onerror=alert(1)>' }));
  expect(one('mij-idea-card').querySelector('h4')?.textContent).toBe('<img src=x onerror=alert(1)>');
  expect(document.querySelector('img')).toBeNull();
  expect(all('mij-try')).toHaveLength(0);
  expect(all('mij-dismiss')).toHaveLength(0);
});

test.each([null, 7, 'text', [], { steps: 'no list', evidence: [{ toString: 1 }], title: {} }])(
  'a forged card draws: %j',
  written => {
    draw(written);
    expect(all('mij-idea-card')).toHaveLength(1);
  }
);
