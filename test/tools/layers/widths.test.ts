import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readTexts } from '../../../tools/layers/sources.ts';
import { checkWidths } from '../../../tools/layers/widths.ts';

const long = 'x'.repeat(120);
const wrong = (line: string) => checkWidths(new Map([['src/a.ts', `\n${line}`]]));

test.each([
  `// ${long}`,
  `  // ${long}`,
  `/** ${long} */`,
  `/* ${long} */`,
  `   * ${long}`,
  `// ${'ж'.repeat(108)}`,
])('%s is too wide', line => {
  expect(wrong(line)).toEqual([`src/a.ts:2:111: a comment of ${line.length} characters; wrap it at 110`]);
});

test.each([
  `const text = '${long}';`,
  `  // ${'x'.repeat(105)}`,
  `  /** ${'\u{1F600}'.repeat(100)} */`,
  `  // biome-ignore lint/suspicious/noExplicitAny: ${long}`,
])('%s is not', line => {
  expect(wrong(line)).toEqual([]);
});

test.each(['src', 'test', 'tools', 'bench'])('%s keeps to it', async folder => {
  const texts = await readTexts(join(import.meta.dirname, '../../..', folder));
  expect(texts.size).toBeGreaterThan(3);
  expect(checkWidths(texts)).toEqual([]);
});
