import { expect, it } from 'vitest';
import { compileText, readNote } from './fixture.ts';

const brief = async (text: string) => {
  const { diagnostics } = await readNote(text);
  return diagnostics.map(({ code, message, hint, at }) => [code, message, hint, at?.line, at?.column]);
};

it('a property that is not there is pointed at by its name', async () => {
  expect(await brief('sise: 3')).toEqual([
    ['unknown-property', '`note:n` has no property `sise`', 'did you mean `size`?', 5, 7],
  ]);
  expect(await brief('keep:\n  al: 3d')).toEqual([
    ['unknown-property', '`keep` has no property `al`', 'did you mean `all`?', 6, 9],
  ]);
});

it('suggests no reserved name, and offers metaparameters', async () => {
  expect((await brief('purg: true'))[0]?.[2]).toMatch(/^known: path, /);
  expect((await brief('notfy: note:n'))[0]?.[2]).toBe('did you mean `notify`?');
});

it.each(['purge'])('%s is reserved', async name => {
  const message = `\`${name}\` is reserved and not supported by this version of converge`;
  expect(await brief(`${name}: 3`)).toEqual([['not-supported', message, 'remove it', 5, 7]]);
});

it('select is for types that can be selected', async () => {
  const message = "a `note` can't be selected: declare each by its title";
  expect(await brief('select: { name: a* }')).toEqual([['not-supported', message, 'remove it', 5, 7]]);
});

it.each([
  ['kind: plan', 'wrong-value', '`kind`: expected one of `plain`, `rich`, `raw`, found the text `plan`'],
  ['size: 0', 'wrong-value', '`size`: expected at least 1'],
  ['size: 101', 'wrong-value', '`size`: expected at most 100'],
  ['lines: [a, b, a]', 'wrong-value', '`lines`: items 1 and 3 are the same'],
  ['lines: [[a]]', 'wrong-kind', '`lines`: expected text, found a list'],
  ['lines: [a, b, c, d]', 'wrong-value', '`lines`: expected at most 3 items'],
  ['store: ftp://x', 'wrong-value', '`store`: expected text that matches ^([sS]3|file)://'],
  ['store: { url: x }', 'wrong-value', '`url`: expected at least 3 characters'],
  ['store: { urll: abc }', 'unknown-property', '`store` has no property `urll`'],
  ['store: { target: x }', 'missing-property', '`store`: the property `url` is missing'],
  ['store: { url: abc, targt: x }', 'unknown-property', '`store` has no property `targt`'],
  [
    'every: now and then',
    'wrong-value',
    '`every`: expected a schedule such as every 15 minutes, found the text `now and then`',
  ],
  [
    'keep: { all: long }',
    'wrong-value',
    '`all`: expected a duration such as 15m or 1h30m, found the text `long`',
  ],
  ['ensure: gone', 'wrong-value', '`ensure`: expected one of `present`, `absent`, found the text `gone`'],
  ['noop: maybe', 'wrong-kind', '`noop`: expected true or false, found the text `maybe`'],
])('%s is one error', async (text, code, message) => {
  expect((await brief(text)).map(error => error.slice(0, 2))).toEqual([[code, message]]);
});

it('a pattern explains itself by the description of its property', async () => {
  expect((await brief('mode: 999'))[0]?.slice(1, 3)).toEqual([
    '`mode`: expected text that matches ^0?[0-7]{3}$',
    'Permissions, as chmod takes them.',
  ]);
  // A long one is no help to anybody.
  expect((await brief('serial: 12'))[0]?.slice(1, 3)).toEqual([
    '`serial`: expected text of another form',
    'As the label has it.',
  ]);
});

it('a misspelt required property is one error, a missing one is shown at the title', async () => {
  const target = 'targets: { c: { type: cloud, url: https://x, password: "${secret(\'env:X\')}" } }\n';
  const misspelt = await compileText(`${target}resources:\n  store: { s: { regin: eu } }`);
  expect(misspelt.diagnostics).toMatchObject([{ code: 'unknown-property', hint: 'did you mean `region`?' }]);
  const missing = await compileText(`${target}resources:\n  store: { s: {} }`);
  expect(missing.diagnostics).toMatchObject([
    {
      code: 'missing-property',
      message: '`store:s`: the property `region` is missing',
      hint: 'add `region`: where it lies',
      at: { line: 4, column: 12 },
      address: 'store:s',
    },
  ]);
});

it('all mistakes of a resource are reported', async () => {
  const errors = await brief('size: x\nlines: [a, a]\nkind: odd\npth: y');
  expect(errors.map(([, , , line]) => line).sort()).toEqual([5, 6, 7, 8]);
});

it('a mistake inside a list is not two', async () => {
  expect((await brief('lines: [[a], [b]]')).map(([code]) => code)).toEqual(['wrong-kind', 'wrong-kind']);
});

it('places are those of the values, and defaults are not filled in', async () => {
  const { catalog } = await compileText(
    'resources:\n  note:\n    a:\n      path: x\n      lines: [p, q]\n      tags: { a/b: c }',
  );
  const [resource] = catalog.resources;
  expect(resource).toMatchObject({
    address: 'note:a',
    type: 'note',
    title: 'a',
    properties: { path: 'x', lines: ['p', 'q'], tags: { 'a/b': 'c' } },
    at: { file: 'm.yaml', line: 4, column: 5 },
  });
  const at = (pointer: string) => resource?.places.get(pointer);
  expect(at('/path')).toMatchObject({ line: 5, column: 13, endColumn: 14 });
  expect(at('/lines/1')).toMatchObject({ line: 6, column: 18 });
  expect(at('/tags/a~1b')).toMatchObject({ line: 7, column: 20 });
});

it('names of prototypes are names like others', async () => {
  const { properties, diagnostics } = await readNote('tags: { __proto__: a, constructor: b, toString: c }');
  expect(diagnostics).toEqual([]);
  expect(Object.entries(properties?.tags ?? {})).toEqual([
    ['__proto__', 'a'],
    ['constructor', 'b'],
    ['toString', 'c'],
  ]);
  expect((await brief('constructor: x\n__proto__: y')).map(([code]) => code)).toEqual([
    'unknown-property',
    'unknown-property',
  ]);
});

it.each([
  ['resources: 3', '`resources`: expected a map of types, found the text `3`'],
  ['resources: []', '`resources`: expected a map of types, found a list'],
  ['resources: { note: [a] }', '`note`: expected a map of titles, found a list'],
  ['resources: { note: { a: text } }', '`note:a`: expected a map of properties, found the text `text`'],
  ['resources: { nota: { a: {} } }', 'there is no resource type `nota`'],
  ['targets: { a: cloud }', 'target `a`: expected a map with a `type` (cloud, ship) and its properties'],
  ['targets: { a: { url: x } }', 'target `a`: the property `type` is missing'],
  ['targets: { a: { type: cluod } }', 'target `a`: there is no target type `cluod`'],
  ['targets: { a: { type: [ship] } }', 'target `a`: the property `type` is missing'],
  ['targets: { a: { type: ship, url: x } }', 'target `a` has no property `url`'],
  ['note: {}', 'a manifest has no key `note`'],
  ['requires: x', '`requires`: expected a map of properties, found the text `x`'],
  ['requires: { os: mac }', '`os`: expected one of `windows`, `linux`, found the text `mac`'],
  ['requires: { node: 3 }', '`requires` has no property `node`'],
])('%s is one error', async (text, message) => {
  const { diagnostics } = await compileText(text);
  expect(diagnostics.map(diagnostic => diagnostic.message)).toEqual([message]);
});

it('empty sections and bodies are fine', async () => {
  const { catalog, diagnostics } = await compileText(
    'requires: {}\ntargets:\nresources:\n  site:\n  note:\n    a:\n    b: {}\n    c: ~',
  );
  expect(diagnostics).toEqual([]);
  expect(catalog.resources.map(({ title }) => title)).toEqual(['a', 'b', 'c']);
});
