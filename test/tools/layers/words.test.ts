import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readProse } from '../../../tools/layers/sources.ts';
import { checkWords } from '../../../tools/layers/words.ts';

const wrong = (line: string) => checkWords(new Map([['docs/a.md', `\n${line}`]]));

test.each([
  ['the text is no schedule', 'is no schedule'],
  ['bytes that are no UTF-8', 'are no UTF-8'],
  ['the server knows no tags', 'knows no tags'],
  ['A secret stands in the manifest', 'stands in'],
  ['the bucket lies in another region', 'lies in'],
  ['what it says of its source', 'says of its'],
  ['two at one time', 'at one time'],
])('%s', (line, found) => {
  expect(wrong(line)).toEqual([expect.stringContaining(`"${found}" is not English; write "`)]);
  expect(wrong(line)[0]).toMatch(/^docs\/a\.md:2:\d+: /);
});

test.each([
  'There is no key; there are no points, or is no longer',
  'it is no use, and no place for a secret is no reason to fail',
  'the lab can stand in for a host, and an embedded lab stands in.',
  'says which of them stands in the way; all that was told',
])('%s is English', line => {
  expect(wrong(line)).toEqual([]);
});

test('source and pages keep to it', async () => {
  const texts = await readProse(join(import.meta.dirname, '../../..'));
  expect(texts.has('src/cli/main.ts') && texts.has('docs/windows.md') && texts.has('README.md')).toBe(true);
  expect(checkWords(texts)).toEqual([]);
});
