import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { judged, type Outcome } from '../../tools/mutations/judged.ts';
import { mutations } from '../../tools/mutations/table.ts';
import { pageWith, readShown } from '../../tools/mutations.ts';

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
  expect(pageWith(page, mutations, await readShown())).toBe(page);
});

test('a guard is shown by its own test that passes with it and fails by what it asks', () => {
  const passed: Outcome = { taken: true, unloaded: [], tests: [{ passed: true, errors: [] }] };
  const failed = (message: string, name = 'AssertionError'): Outcome => ({
    ...passed,
    tests: [{ passed: false, errors: [{ name, message }] }],
  });
  const none = { ...passed, tests: [] };
  expect(judged(passed, failed('expected 0 to be 8'))).toEqual({ shown: true, said: 'expected 0 to be 8' });
  for (const [before, after] of [
    [passed, passed],
    [passed, { ...passed, taken: false }],
    [passed, none],
    [passed, { ...none, unloaded: ['Unexpected token'] }],
    [passed, failed('Test timed out in 60000ms.', 'Error')],
    [passed, failed('x is not a function', 'TypeError')],
    [failed('expected 0 to be 8'), failed('expected 0 to be 8')],
    [none, failed('expected 0 to be 8')],
    [{ ...passed, tests: [...passed.tests, ...passed.tests] }, failed('expected 0 to be 8')],
  ] as const)
    expect(judged(before, after).shown).toBe(false);
});
