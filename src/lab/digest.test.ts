import { expect, test } from 'vitest';
import { digest } from './digest';

test('a source is fingerprinted as the kernel does it', () => {
  expect(digest('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  expect(digest('größe = "→"\n')).toBe('b72eddecf88ebdd4da9407d302ae5ee22b67e8e3edf309c797326cb7e60e9687');
});
