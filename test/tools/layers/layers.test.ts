import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkLayers, type Layers } from '../../../tools/layers/check.ts';
import { importsOf } from '../../../tools/layers/imports.ts';
import { withRooms } from '../../../tools/layers/page.ts';
import { readSources } from '../../../tools/layers/sources.ts';
import { layers } from '../../../tools/layers/table.ts';

const root = join(import.meta.dirname, '../../..');
const sources = await readSources(join(root, 'src'));

/** What is wrong once these files of `src` have these lines as well. */
const withLines = (lines: Record<string, string>, table: Layers = layers): string[] => {
  const files = new Map(sources);
  for (const [file, line] of Object.entries(lines)) {
    files.set(file, [...importsOf(line), ...(files.get(file) ?? [])]);
  }
  return checkLayers(files, table);
};

test('src keeps to the table', () => {
  expect(withLines({})).toEqual([]);
});

test('docs/architecture.md shows the table', () => {
  const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
  expect(page).toBe(withRooms(page, layers));
});

test('docs/architecture.md says what each folder is for', () => {
  const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
  const folders = page.slice(page.indexOf('## The folders'), page.indexOf('<!-- rooms'));
  const said = new Set([...folders.matchAll(/`src\/([^`]+)`/g)].map(([, name]) => name));
  const all = new Set(
    [...sources.keys()].filter(file => file.includes('/')).map(file => file.split('/')[0]!),
  );
  expect([...all].filter(name => !said.has(name))).toEqual([]);
  const rows = [...folders.matchAll(/^\| `src\/([^`]+)`/gm)].map(([, name]) => name!);
  expect(rows.filter(name => !all.has(name))).toEqual([]);
});

test('only the movers run a cycle, whatever else a type may take from there', () => {
  const cycle = 'replication/cycle/run-cycle.ts';
  const users = [...sources].filter(([file, imports]) =>
    imports.some(({ specifier }) => specifier?.startsWith('.') && join(file, '..', specifier) === cycle),
  );
  expect(users.map(([file]) => file)).toEqual(['replication/movers/movers.ts']);
});

test.each([
  ['lab/windows/iis/config/body.ts', '../../../../windows/iis/bindings.ts', 'src/windows/iis'],
  ['lab/clock.ts', '../content/http.ts', 'src/content'],
  ['diagnostics/wrap.ts', '../content/http.ts', 'src/content'],
  ['engine/model/pointer.ts', '../../content/http.ts', 'src/content'],
  ['engine/model/pointer.ts', '../plan/plan-file.ts', 'src/engine/plan'],
  ['windows/tools/programs.ts', '../iis/bindings.ts', 'src/windows/iis'],
  ['resources/host/paths/path.ts', '../../../cli/process.ts', 'src/cli'],
])('src/%s may not import %s', (file, target, room) => {
  expect(sources.has(file) && sources.has(join(file, '..', target))).toBe(true);
  const lines = [
    `import { some } from '${target}';`,
    `import type { Some } from "${target}";`,
    `import { type Some, } from '${target}';`,
    `import '${target}';`,
    `export { some } from '${target}';`,
    `export type * from '${target}';`,
    `export * as some from '${target}';`,
    `const { some } = await import('${target}');`,
    `let some: typeof import('${target}');`,
    `let some: import('${target}').Some;`,
  ];
  const wrong = withLines({ [file]: lines.join('\n') });
  for (const line of lines.keys()) {
    expect(wrong[line]).toMatch(
      new RegExp(`^src/${file}:${line + 1}:\\d+: src/\\S+ may not import ${room};`),
    );
  }
});

test.each([
  ['a computed import', 'await import(name);', 'a computed import can name anything; write its path'],
  [
    'a computed import',
    'await import(`../${name}.ts`);',
    'a computed import can name anything; write its path',
  ],
  [
    'an escaped path',
    "import '\\u002e./content/http.ts';",
    'a computed import can name anything; write its path',
  ],
  [
    'a package by its files',
    "import '../../node_modules/yaml/index.js';",
    '../../node_modules/yaml/index.js leaves src',
  ],
  ['a file beside src', "import manifest from '../../package.json';", '../../package.json leaves src'],
  [
    'an absolute path',
    "import '/etc/x.js';",
    "the table doesn't know /etc/x.js; say which rooms may import it",
  ],
  ['a package of another room', "import 'commander';", 'commander is for'],
  ['a part of a package', "import 'commander/esm.mjs';", 'commander/esm.mjs is for'],
  ['a client', "import '@aws-sdk/client-s3';", '@aws-sdk/client-s3 is for aws,'],
  ['a module of Node', "import { spawn } from 'node:child_process';", 'node:child_process is for io, '],
  [
    'a package nobody knows',
    "import 'left-pad';",
    "the table doesn't know left-pad; say which rooms may import it",
  ],
])('%s is refused', (_, line, message) => {
  const [wrong, ...others] = withLines({ 'lab/clock.ts': line });
  expect(wrong).toMatch(/^src\/lab\/clock\.ts:1:\d+: /);
  expect(wrong).toContain(message);
  expect(others).toEqual([]);
});

test('a folder that the table does not know is refused, and a row without a folder', () => {
  expect(withLines({ 'recovery/start.ts': '' })).toEqual([
    "src/recovery: the table doesn't know this room; say what it may import",
  ]);
  expect(withLines({}, { ...layers, rooms: { gone: [], ...layers.rooms } })).toEqual([
    'tools/layers/table.ts: src/gone has no file',
  ]);
});

test('a row may not name a room below it, whatever imports it', () => {
  const rooms = { ...layers.rooms, io: ['diagnostics', 'io/handles', 'cli'] };
  expect(withLines({ 'io/ports.ts': "import '../cli/process.ts';" }, { ...layers, rooms })).toEqual([
    'tools/layers/table.ts: io names cli, which is not above it',
    expect.stringMatching(/^src\/io\/ports\.ts:1:8: src\/io may not import src\/cli;/),
    expect.stringContaining('imports run around'),
  ]);
});

test('too many files side by side are refused', () => {
  const crowd = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`bundle/more-${at}.ts`, '']));
  expect(withLines(crowd)).toEqual([expect.stringMatching(/^src\/bundle: 3\d files side by side/)]);
});

test.each([
  ['values', "import { b } from './b.ts';", "export { a } from './a.ts';"],
  ['types', "import type { B } from './b.ts';", "export type { A } from './a.ts';"],
  ['types in place', "let b: import('./b.ts').B;", "let a: typeof import('./a.ts');"],
  ['imports when needed', "await import('./b.ts');", "await import('./c.ts');"],
])('a circle of %s is refused, even inside a room', (_, a, b) => {
  const files = new Map([
    ['io/a.ts', importsOf(a)],
    ['io/b.ts', importsOf(b)],
    ['io/c.ts', importsOf("import './a.ts';")],
    ['io/d.ts', importsOf("import './a.ts';")],
  ]);
  const around = checkLayers(files, { rooms: { io: [] }, packages: {}, outside: {}, computed: [] });
  expect(around).toEqual([
    expect.stringMatching(/^src\/io\/a\.ts: imports run around: io\/a\.ts -> io\/b\.ts -> /),
  ]);
});
