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
  ['undefined for a text that is none.', 'that is none'],
  ['Who applies it gives it', 'Who applies it gives'],
])('%s', (line, found) => {
  expect(wrong(line)).toEqual([expect.stringContaining(`"${found}" is not English; write "`)]);
  expect(wrong(line)[0]).toMatch(/^docs\/a\.md:2:\d+: /);
});

test.each([
  [' * Rejects for what is no\n * zip', 'is no zip'],
  ['  // It is\n  // no zip', 'is no zip'],
  ['a file that is\nno zip', 'is no zip'],
])('%j goes on in the next line', (text, found) => {
  expect(checkWords(new Map([['src/a.ts', text]]))).toEqual([
    expect.stringMatching(new RegExp(`^src/a\\.ts:1:\\d+: "${found}"`)),
  ]);
});

test('a phrase ends with its paragraph, and is told where it begins', () => {
  expect(checkWords(new Map([['docs/a.md', 'what it is\n\nno zip']]))).toEqual([]);
  expect(checkWords(new Map([['docs/a.md', 'of\nthese, it is no zip']]))[0]).toMatch(/^docs\/a\.md:2:11: /);
});

test.each([
  'undefined when there is none; one that is none of ours',
  'who runs what, who is silent, who failed and why',
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
