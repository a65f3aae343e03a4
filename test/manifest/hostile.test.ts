import { expect, test } from 'vitest';
import { CelFault, parseCel } from '../../src/manifest/syntax/cel.ts';
import { compileFiles, compileText } from './fixture.ts';

const note = (value: string) => `resources:\n  note:\n    n: ${value}\n`;
const many = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));
const aliases = many(30, i => `, &b${i + 1} [*b${i}, *b${i}]`).join('');

test.each([
  ['10,000 open lists', note('['.repeat(10_000)), 'too-deep'],
  ['100,000 lists', note(`{ anything: ${'['.repeat(100_000)}${']'.repeat(100_000)} }`), 'too-deep'],
  ['maps below maps', `resources:\n${many(2000, i => `${' '.repeat(i + 1)}a:`).join('\n')}`, 'too-deep'],
  ['keys of keys', '? '.repeat(20_000), 'too-deep'],
  ['more commas than a tree can hold', note(`[${','.repeat(4_000_000)}]`), 'too-large'],
  ['as many empty lines', '\n'.repeat(4_000_000), 'too-large'],
  ['an alias bomb', note(`{ anything: [&b0 x${aliases}] }`), 'alias-bomb'],
  ['an alias of itself', note('{ anything: &a [*a] }'), 'alias-cycle'],
  ['more than 8 MiB', `# ${'x'.repeat(8 << 20)}`, 'too-large'],
  ['a NUL', note('"a\0b"'), 'binary-file'],
  ['another prototype', note('{ anything: "${params.constructor}" }'), 'bad-expression'],
  ['a number without end', note('{ size: 1e999 }'), 'wrong-kind'],
])('%s is one mistake', async (_, text, code) => {
  const { diagnostics } = await compileText(text);
  expect(diagnostics.map(diagnostic => diagnostic.code)).toEqual([code]);
});

test('UTF-16 is refused by name, and a byte order mark is not a mistake', async () => {
  const text = 'converge: 1\nresources: { note: { n: {} } }\n';
  const { diagnostics } = await compileFiles({ 'm.yaml': Buffer.from(`\ufeff${text}`, 'utf16le') });
  expect(diagnostics.map(({ code }) => code)).toEqual(['binary-file']);
  const marked = await compileFiles({ 'm.yaml': `\ufeff${text}` });
  expect(marked.diagnostics).toEqual([]);
  expect(marked.catalog.resources).toHaveLength(1);
});

test('what doubles itself comes to an end', async () => {
  const doubling = many(40, i => `  p${i + 1}: "\${params.p${i} + params.p${i}}"`).join('\n');
  const { diagnostics } = await compileText(`params:\n  p0: ${'x'.repeat(64)}\n${doubling}\n`);
  expect(diagnostics[0]).toMatchObject({ code: 'bad-expression' });
  expect(diagnostics[0]?.message).toContain('gives too much');
});

test('the time of slow expressions is shared by all of a run', () => {
  const slow = parseCel("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.matches('^(a+)+$')");
  const quick = parseCel('[1, 2].map(n, n + 1)');
  const time = { ms: 100 };
  expect(quick.run({}, time)).toEqual([2, 3]);
  expect(() => slow.run({}, time)).toThrow(
    new CelFault('the expressions of this run take too long together'),
  );
  expect(() => quick.run({}, time)).toThrow(CelFault);
  expect(parseCel('1 + 1').run({}, time)).toBe(2);
});

test.each([
  ['enum: [a, a]', 'enum must NOT have duplicate items'],
  ['enum: []', 'enum must NOT have fewer than 1 items'],
  ['type: string, minLength: -1', 'minLength must be >= 0'],
  ['type: object, required: [a, a]', 'required must NOT have duplicate items'],
  ['type: object, properties: { x: { enum: [] } }', 'properties/x/enum must NOT have fewer'],
  ['type: string, pattern: "("', '`pattern` is not a regular expression'],
  ['type: array, items: { type: string, pattern: "(" }', '`pattern` is not a regular expression'],
])('a parameter that JSON Schema does not take is one mistake, at its name: %s', async (schema, message) => {
  const module = `converge: 1\nparameters:\n  fine: { default: 1 }\n  p: { ${schema} }\nresources: {}\n`;
  const { diagnostics } = await compileFiles(
    { 'm.yaml': 'converge: 1\nresources: { mod: { a: { p: a } } }\n', 'modules/mod/module.yaml': module },
    ['m.yaml'],
  );
  expect(diagnostics).toMatchObject([
    { code: 'wrong-value', at: { file: 'modules/mod/module.yaml', line: 4, column: 3 } },
  ]);
  expect(diagnostics[0]!.message).toContain(`parameter \`p\`: ${message}`);
});
