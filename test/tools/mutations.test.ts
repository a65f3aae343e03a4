import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { mutations } from '../../tools/mutations/table.ts';
import { pageWith } from '../../tools/mutations.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (path: string) => readFile(join(root, path), 'utf8');

test('each guard is where the table says, once, and is another text without it', async () => {
  const wrong: string[] = [];
  for (const {
    guard,
    test: [place],
  } of mutations)
    if (!existsSync(join(root, place))) wrong.push(`${guard}: ${place} is not there`);
  for (const { guard, file, from, to } of mutations)
    if ((await read(file)).split(from).length !== 2 || from === to) wrong.push(`${guard}: ${file}: ${from}`);
  expect(wrong).toEqual([]);
  expect(new Set(mutations.map(({ guard }) => guard)).size).toBe(mutations.length);
});

test('the page has the rows of the table', async () => {
  const page = await read('docs/recovery-proofs.md');
  // `node tools/mutations.ts --write WORDS` writes it anew.
  expect(pageWith(page, mutations)).toBe(page);
});
