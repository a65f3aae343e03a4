import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chapters } from '../../src/diagnostics/codes.ts';
import { codesPage } from '../../tools/codes-page.ts';
import { allCodes, unlistedIn, unusedCodes } from '../../tools/codes-used.ts';

test('docs/codes.md is fresh (else: npm run generate)', async () => {
  const page = await readFile(join(import.meta.dirname, '../../docs/codes.md'), 'utf8');
  expect(page).toBe(codesPage());
});

test('a code is listed once', () => {
  expect(allCodes.filter((code, at) => allCodes.indexOf(code) !== at)).toEqual([]);
});

test('every listed code is used', async () => {
  expect(await unusedCodes()).toEqual([]);
});

test('a meaning and a way out are sentences', () => {
  const texts = chapters.flatMap(({ codes }) =>
    Object.values<{ means: string; wayOut: string }>(codes).flatMap(({ means, wayOut }) => [means, wayOut]),
  );
  expect(texts.filter(text => !/^\S.{5,}\.$/.test(text))).toEqual([]);
});

test('what the compiler refuses for a code is found in its words', () => {
  const union = allCodes.slice(0, 10).map(code => `"${code}"`);
  const to = `'${union.join(' | ')} | ... 400 more ... | "yaml"'`;
  const said = [
    `src/a.ts(3,9): error TS2345: Argument of type '"made-up"' is not assignable to parameter of type ${to}.`,
    `src/b.ts(4,9): error TS2322: Type '"new-one" | "${allCodes[0]}"' is not assignable to type ${to}.`,
    `src/d.ts(4,9): error TS2345: Argument of type '"by-name"' is not assignable to parameter of type 'Code'.`,
    `src/c.ts(5,9): error TS2345: Argument of type '"red"' is not assignable to parameter of type '"green"'.`,
    '  Type \'"new-one"\' is not assignable.',
  ].join('\n');
  expect(unlistedIn(said)).toEqual([
    { code: 'made-up', where: 'src/a.ts:3' },
    { code: 'new-one', where: 'src/b.ts:4' },
    { code: 'by-name', where: 'src/d.ts:4' },
  ]);
});
