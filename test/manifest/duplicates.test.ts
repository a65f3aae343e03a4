import { Type } from 'typebox';
import { expect, it } from 'vitest';
import { compileFiles, compileText, fakeRegistry, fakeType } from './fixture.ts';

const places = async (files: Record<string, string>) => {
  const { diagnostics } = await compileFiles(
    Object.fromEntries(Object.entries(files).map(([name, text]) => [name, `converge: 1\n${text}`])),
  );
  const say = (at?: { file: string; line: number; column: number }) =>
    `${at?.file}:${at?.line}:${at?.column}`;
  return diagnostics.map(({ code, message, at, related }) => [
    code,
    message,
    say(at),
    ...(related ?? []).map(other => say(other.at)),
  ]);
};

it('one title twice in one map', async () => {
  expect(await places({ 'a.yaml': 'resources:\n  note:\n    x: {}\n    y: {}\n    "x": {}' })).toEqual([
    ['duplicate-key', '`x` appears twice in one map', 'a.yaml:6:5', 'a.yaml:4:5'],
  ]);
});

it('one type twice, one property twice, one top key twice', async () => {
  const text = 'resources:\n  note: { a: { size: 1, size: x } }\n  note: {}\nresources: {}';
  expect((await places({ 'a.yaml': text })).map(([code, , at]) => [code, at])).toEqual([
    ['duplicate-key', 'a.yaml:5:1'],
    ['duplicate-key', 'a.yaml:4:3'],
    ['duplicate-key', 'a.yaml:3:25'],
  ]);
});

it('one resource or target in two files', async () => {
  const text = 'targets: { t: { type: ship } }\nresources: { note: { x: {} } }';
  const other = text.replace(
    '{ type: ship }',
    '{ type: cloud, url: https://c, password: "${secret(\'env:P\')}" }',
  );
  expect(await places({ 'a.yaml': text, 'b.yaml': other })).toEqual([
    ['declared-twice', 'target `t` is declared twice', 'b.yaml:2:12', 'a.yaml:2:12'],
    ['declared-twice', '`note:x` is declared twice', 'b.yaml:3:22', 'a.yaml:3:22'],
  ]);
});

it('B1: names that begin alike for longer than a message shows are two', async () => {
  const long = `HKLM/${'x'.repeat(80)}`;
  expect(await places({ 'a.yaml': `resources: { note: { ${long}/a: {}, ${long}/b: {} } }` })).toEqual([]);
  const target = (name: string) => `${name}: { type: ship }`;
  expect(await places({ 'a.yaml': `targets: { ${target(`${long}a`)}, ${target(`${long}b`)} }` })).toEqual([]);
});

it('a target that two files declare alike is one', async () => {
  const target = (more: string) =>
    `targets: { t: { type: cloud, url: https://c, password: "\${secret('env:P')}"${more} } }`;
  const { catalog, diagnostics } = await compileFiles({
    'a.yaml': `converge: 1\n${target('')}`,
    'b.yaml': `converge: 1\n${target('')}`,
  });
  expect(diagnostics).toEqual([]);
  expect(catalog.targets).toMatchObject([{ name: 't', at: { file: 'a.yaml' } }]);
  expect(await places({ 'a.yaml': target(''), 'b.yaml': target(', port: 2') })).toMatchObject([
    ['declared-twice', 'target `t` is declared twice', 'b.yaml:2:12', 'a.yaml:2:12'],
  ]);
});

it('one object in other spelling, title against property', async () => {
  const a = "resources:\n  note:\n    c:/Scripts/: {}\n    d: { path: 'C:\\scripts' }";
  expect(await places({ 'a.yaml': a, 'b.yaml': 'resources: { note: { c:/scripts: {} } }' })).toEqual([
    ['same-object', '`note:d` and `note:c:/Scripts/` are one object: c:/scripts', 'a.yaml:5:5', 'a.yaml:4:5'],
    [
      'same-object',
      '`note:c:/scripts` and `note:c:/Scripts/` are one object: c:/scripts',
      'b.yaml:2:22',
      'a.yaml:4:5',
    ],
  ]);
});

it('one name on two targets is two objects', async () => {
  const target = (name: string) =>
    `${name}: { type: cloud, url: https://${name}, password: "\${secret('env:X')}" }`;
  const thing = fakeType('thing', { runs: { on: 'remote', target: 'cloud' }, identity: () => 'one' });
  const registry = { ...fakeRegistry, types: new Map([['thing', thing]]) };
  const text = (other: string) =>
    `targets: { ${target('a')}, ${target('b')} }\nresources: { thing: { x: { target: a }, y: { target: ${other} } } }`;
  expect((await compileText(text('b'), { registry })).diagnostics).toEqual([]);
  expect((await compileText(text('a'), { registry })).diagnostics).toMatchObject([{ code: 'same-object' }]);
});

it('B12: all mistakes that a type finds are told, each at its value', async () => {
  const thing = fakeType('thing', {
    schema: Type.Object({
      list: Type.Optional(Type.Array(Type.String())),
      size: Type.Optional(Type.Integer()),
    }),
    check: ({ list = [] }, title) => [
      ...(title === 'x'
        ? [{ pointer: '', code: 'bad-name', message: `${title} isn't a name`, hint: 'y' }]
        : []),
      ...list.flatMap((item: string, index: number) =>
        item === 'bad' ? [{ pointer: `/list/${index}`, code: 'bad-item', message: 'bad' }] : [],
      ),
      { pointer: '/size/of', code: 'bad-size', message: 'below a value' },
    ],
    identity: () => {
      throw new Error('nobody asks for the identity of what is wrong');
    },
  });
  const registry = { ...fakeRegistry, types: new Map([['thing', thing]]) };
  const text = 'resources:\n  thing:\n    x:\n      list: [good, bad,\n        bad]\n      size: 1';
  const { diagnostics, catalog } = await compileText(text, { registry });
  expect(diagnostics).toMatchObject([
    { code: 'bad-name', address: 'thing:x', at: { line: 4, column: 5 }, hint: 'y' },
    { code: 'bad-item', at: { line: 5, column: 20 } },
    { code: 'bad-item', at: { line: 6, column: 9 } },
    { code: 'bad-size', at: { line: 7 } },
  ]);
  expect(catalog.resources).toEqual([]);
});

it.each([
  'resources:\n  note: &n { x: { size: 1 } }\n  other: { <<: *n }',
  'resources:\n  note: { x: { <<: { size: 1 } } }',
])('YAML that wants maps merged is told that they are not: %j', async text => {
  const { diagnostics } = await compileFiles({ 'a.yaml': `converge: 1\n${text}` });
  expect(diagnostics.map(({ code, message, hint }) => [code, message, hint])).toEqual([
    [
      'bad-key',
      'converge does not merge maps: `<<` would be a name like any other',
      expect.stringContaining("quote it where it is a name: '<<'"),
    ],
  ]);
});

it('a quoted `<<` is a name', async () => {
  const { diagnostics } = await compileFiles({ 'a.yaml': 'converge: 1\nresources:\n  note: { "<<": {} }' });
  expect(diagnostics).toEqual([]);
});
