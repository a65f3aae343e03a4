import { expect, test } from 'vitest';
import { plainProgress } from '../../../src/cli/progress/plain.ts';

test('what programs and servers say does not steer the terminal', () => {
  const written: string[] = [];
  const { listener } = plainProgress({
    write: (text: string) => written.push(text),
    isTTY: false,
    columns: 80,
  } as never);
  const address = 'exec:x\u001b[2J';
  listener({ type: 'started', address, action: 'update' });
  listener({ type: 'finished', address, result: 'changed', note: '\u202eabc\u001b]0;t\u0007', took: 0 });
  expect(written).toHaveLength(2);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(written.join('')).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]/);
});
