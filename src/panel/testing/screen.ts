/** Shows the panel in a page and works it the way a user does. */

import { act } from 'preact/test-utils';
import { afterEach, expect } from 'vitest';
import { mountPanel } from '../index';
import { FakeHost, panelState } from './fake';

let unmount: (() => void) | undefined;

/** Takes the panel away. */
export function close(): void {
  unmount?.();
  unmount = undefined;
}

afterEach(() => {
  close();
  document.body.replaceChildren();
});

/** Shows the panel on this host. */
export function show(change: Partial<FakeHost> = {}): FakeHost {
  const host = new FakeHost({ state: panelState(), ...change });
  const node = document.createElement('div');
  document.body.append(node);
  act(() => {
    unmount = mountPanel(node, host);
  });
  return host;
}

/** Returns all elements with this test id. */
export function all(testid: string): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>(`[data-testid="${testid}"]`)];
}

/** Returns the only element with this test id. */
export function one(testid: string): HTMLElement {
  const found = all(testid);
  expect(found, testid).toHaveLength(1);
  return found[0];
}

/** Clicks the only element with this test id, or the one given. */
export function click(target: string | HTMLElement): void {
  act(() => (typeof target === 'string' ? one(target) : target).click());
}

/** Types into a field, or chooses with `change`. */
export function type(testid: string, value: string, event = 'input'): void {
  const field = one(testid) as HTMLInputElement;
  act(() => {
    field.value = value;
    field.dispatchEvent(new Event(event, { bubbles: true }));
  });
}

/** Presses a key. */
export function press(testid: string, key: string): void {
  act(() => {
    one(testid).dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  });
}

/** Opens what is folded. */
export function open(testid: string): void {
  act(() => {
    const details = one(testid).closest('details') as HTMLDetailsElement;
    details.open = true;
    details.dispatchEvent(new Event('toggle'));
  });
}

/** Submits the form that this button belongs to. */
export function submit(testid: string): void {
  act(() => {
    one(testid)
      .closest('form')
      ?.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
  });
}

/** Lets promises and drawings come to an end. */
export function settle(): Promise<void> {
  return act(async () => {
    await new Promise(resolve => setTimeout(resolve, 5));
  });
}
