import { expect, test } from 'vitest';
import { importsOf } from '../../../tools/layers/imports.ts';

const named = (text: string) => importsOf(text).map(({ specifier }) => specifier);

test('an import in a comment, a string, a template or a pattern is not one', () => {
  expect(
    named(`
// import './a.ts'
/* import './b.ts' */
/** \`import type { A } from './c.ts'\` */
const d = "import './d.ts'";
const e = \`
import './e.ts';
\${own({ f: '}' })}
import './f.ts';\`;
const g = /import '.\\/g.ts'['"\`/]/.test(d) && /["]/;
const h = 4 / 2 / 1;
const i = (d as { length?: number }).length! / 2 > 1 || !/['"]/.test(d);
`),
  ).toEqual([]);
});

test('an import between the words of a template is one', () => {
  expect(named("const a = `${await import('./a.ts')} and ${`${import('./b.ts')}`}`;")).toEqual([
    './a.ts',
    './b.ts',
  ]);
});

test('words that only look like an import are none', () => {
  expect(named("own.import('./a.ts'); const from = 'b'; export const c = from; importer('./d.ts');")).toEqual(
    [],
  );
  expect(named('export const here = import.meta.dirname;')).toEqual([]);
});

test('names that begin or end like the words of an import are names', () => {
  expect(named("import { fromText, upfrom as from } from './a.ts';")).toEqual(['./a.ts']);
  expect(named("import type from './a.ts';\nimport from, { type B } from './b.ts';")).toEqual([
    './a.ts',
    './b.ts',
  ]);
  expect(named("import data from './c.json' with { type: 'json' };")).toEqual(['./c.json']);
});

test('an import has the place of its path', () => {
  expect(importsOf("#!/usr/bin/env node\nimport {\n  a,\n} from './a.ts';\nimport(b);")).toEqual([
    { specifier: './a.ts', line: 4, column: 8 },
    { specifier: undefined, line: 5, column: 8 },
  ]);
});

test('a text that cannot be read is an error, not a file without imports', () => {
  expect(() => importsOf("const a = 'b\n';")).toThrow('a string without an end');
  expect(() => importsOf('const a = /b\n/;')).toThrow('a pattern without an end');
});
