import { expect, it } from 'vitest';
import { compileText, readNote } from './fixture.ts';

it.each<[string, string, string | undefined]>([
  [
    '!x y',
    'a plain value that starts with `!` is a tag for YAML, which converge does not use',
    "quote it: '!...'",
  ],
  [
    '!!int 3',
    'a plain value that starts with `!` is a tag for YAML, which converge does not use',
    "quote it: '!...'",
  ],
  [
    '*:80:web',
    'a plain value that starts with `*` is an alias for YAML, and there is no such anchor',
    "quote it: '*...'",
  ],
  [
    '[ *:80:web ]',
    'a plain value that starts with `*` is an alias for YAML, and there is no such anchor',
    "quote it: '*...'",
  ],
  ['@x', 'Plain value cannot start with reserved character @', 'quote it'],
  [
    'a: b',
    'a plain value holds `: `, or this line is indented deeper than its neighbours',
    'quote the value, or fix the indentation',
  ],
  [
    '"\\q"',
    'a backslash in double quotes starts an escape: Invalid escape sequence \\q',
    'use single quotes, which take backslashes as they are',
  ],
  ['[ a, {b}: c ]x', 'Unexpected scalar at node end', 'quote values that hold any of `{ } [ ] , : #`'],
])('path: %s is one error', async (value, message, hint) => {
  const { diagnostics } = await readNote(`path: ${value}`);
  expect(diagnostics.map(({ message, hint }) => [message, hint])).toEqual([[message, hint]]);
});

it('a tab as indentation is named', async () => {
  const { diagnostics } = await compileText('resources:\n\tnote: {}');
  expect(diagnostics).toMatchObject([{ message: 'tabs cannot indent', at: { line: 3 } }]);
});

it('an older version of YAML changes nothing', async () => {
  const { compileFiles } = await import('./fixture.ts');
  const text =
    '%YAML 1.1\n---\nconverge: 1\nresources: { note: { on: { path: yes, mode: 0644, sticky: true } } }';
  const { catalog, diagnostics } = await compileFiles({ 'x.yaml': text });
  expect(diagnostics).toEqual([]);
  expect(catalog.resources[0]).toMatchObject({
    title: 'on',
    properties: { path: 'yes', mode: '0644', sticky: true },
  });
});

it('merge keys are refused, since nothing is merged; quoted they are names like others', async () => {
  const bare = await readNote('<<: { size: 3 }');
  expect(bare.diagnostics).toMatchObject([{ code: 'bad-key' }]);
  const quoted = await readNote('"<<": { size: 3 }');
  expect(quoted.diagnostics.map(({ message }) => message)).toEqual(['`note:n` has no property `<<`']);
});

it('a missing name is an error', async () => {
  const { diagnostics } = await compileText('resources:\n  note:\n    : {}');
  expect(diagnostics).toMatchObject([{ code: 'bad-key', at: { line: 4 } }]);
});

it('aliases stand for what they name, at the place of the alias', async () => {
  const { catalog, diagnostics } = await compileText(
    'resources:\n  note:\n    a: &a { size: 3, lines: &l [x, y] }\n    b: *a\n    c: { lines: *l }\n    d: { lines: &l [z] }\n    e: { lines: *l }',
  );
  expect(diagnostics).toEqual([]);
  expect(catalog.resources.map(({ properties }) => properties)).toEqual([
    { size: 3, lines: ['x', 'y'] },
    { size: 3, lines: ['x', 'y'] },
    { lines: ['x', 'y'] },
    { lines: ['z'] },
    { lines: ['z'] },
  ]);
  expect(catalog.resources[2]?.places.get('/lines')).toMatchObject({ line: 6, column: 17 });
});

const bomb = [...'bcdefghij'].reduce(
  (text, name, index) =>
    `${text}      ${name}: &${name} [${Array(9).fill(`*${'abcdefghij'[index]}`).join(', ')}]\n`,
  'resources:\n  note:\n    n:\n      a: &a [x]\n',
);
it.each([
  ['a bomb', 'alias-bomb', bomb],
  ['a cycle', 'alias-cycle', 'resources: &a { note: *a }'],
  ['a cycle further down', 'alias-cycle', 'resources: { note: { n: &a { anything: [ { x: *a } ] } } }'],
  [
    'a chain',
    'too-deep',
    `resources: { note: { n: { anything: { k0: &a0 x, ${Array.from({ length: 99 }, (_, i) => `k${i + 1}: &a${i + 1} [*a${i}]`).join(', ')} } } } }`,
  ],
  ['nesting', 'too-deep', `resources: { note: { n: { anything: ${'['.repeat(70)}${']'.repeat(70)} } } }`],
  ['nesting without end', 'too-deep', `resources: ${'['.repeat(100_000)}`],
])('%s of aliases or levels is one error', async (_, code, text) => {
  const { diagnostics } = await compileText(text);
  expect(diagnostics.map(diagnostic => diagnostic.code)).toEqual([code]);
});
