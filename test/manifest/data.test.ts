import fc from 'fast-check';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/engine/model/catalog.ts';
import { mergeLayers } from '../../src/manifest/sections/data-layers.ts';
import { compileFiles, compileText, fakeRegistry, fakeType } from './fixture.ts';

const facts = new Map([['hostname', { doc: '', read: () => 'web01' }]]);
const compileData = (
  files: Record<string, string>,
  options: { environment?: string; settings?: string[] } = {},
) =>
  compileFiles(
    { 'm.yaml': 'converge: 1\nresources:\n  note:\n    a: { anything: "${data}" }', ...files },
    ['m.yaml'],
    { facts, ...options },
  );
const data = async (...args: Parameters<typeof compileData>) => {
  const { catalog, diagnostics } = await compileData(...args);
  return diagnostics.length > 0
    ? diagnostics.map(({ message }) => message)
    : catalog.resources[0]?.properties.anything;
};

describe('layers', () => {
  const files = {
    'data/common.yaml': 'a: { x: 1, y: 1 }\nlist: [1, 2]\ngone: 1\nwho: common',
    'data/eu.yaml': 'a: { y: 2 }\nlist: [3]\ngone: ~\nwho: eu',
    'data/hosts/web01.yaml': 'who: host',
    'data/hosts/web02.yaml': 'who: another',
  };
  it('merge maps deep, replace lists, and null removes', async () => {
    expect(await data(files, { environment: 'eu' })).toEqual({ a: { x: 1, y: 2 }, list: [3], who: 'host' });
  });
  it('without an environment', async () => {
    expect(await data(files)).toEqual({ a: { x: 1, y: 1 }, list: [1, 2], gone: 1, who: 'host' });
  });
  it('--set is the topmost, typed as YAML types', async () => {
    expect(await data(files, { settings: ['who=cli', 'a.x=5', 'a.z=0644', 'gone=null'] })).toEqual({
      a: { x: 5, y: 1, z: '0644' },
      list: [1, 2],
      who: 'cli',
    });
  });
  it('`data:` of a manifest is the lowest', async () => {
    const own =
      'converge: 1\ndata: { who: manifest, own: 1 }\nresources:\n  note:\n    a: { anything: "${data}" }';
    expect(await data({ 'm.yaml': own, 'data/common.yaml': 'who: common' })).toEqual({
      who: 'common',
      own: 1,
    });
  });

  it.each([
    [
      { 'data/common.yaml': '- a' },
      {},
      'expected a map at the top of the data file, with keys such as your own names',
    ],
    [
      { 'data/common.yaml': 'a: { b: 1 }', 'data/eu.yaml': 'a: 3' },
      { environment: 'eu' },
      '`a` in data/eu.yaml is the number 3, and a map in data/common.yaml',
    ],
    [
      { 'data/common.yaml': 'a: 1' },
      { settings: ['a.b=1'] },
      '`a` in --set is a map, and the number 1 in data/common.yaml',
    ],
    [
      { 'data/common.yaml': 'a: 1', 'data/eu.yaml': 'a: 2' },
      { environment: 'ue' },
      'there is no data/ue.yaml for --env ue',
    ],
    [{ 'data/common.yaml': 'a: 1' }, { settings: ['a'] }, '--set takes a name and a value'],
    [{ 'data/common.yaml': 'a: "${facts.hostname}"' }, {}, "`a`: an expression can't be used here"],
  ])('wrong: %j %j', async (files, options, message) => {
    expect((await data(files as unknown as Record<string, string>, options)) as unknown).toContain(message);
  });

  it('the folders modules and data hold no manifests, deeper ones either, which is said', async () => {
    const { catalog, diagnostics } = await compileFiles(
      {
        'x/m.yaml': 'converge: 1',
        'x/data/common.yaml': 'a: 1',
        'x/y/n.yaml': 'converge: 1\nresources: { note: { n: } }',
        'x/y/data/common.yaml': 'a: 2',
      },
      ['x'],
    );
    expect(diagnostics).toMatchObject([
      { code: 'folder-not-used', severity: 'warning', hint: 'name x/y itself to use it' },
    ]);
    expect(catalog.resources.map(({ address }) => address)).toEqual(['note:n']);
  });
});

const tree = fc.letrec<{ map: { [key: string]: Json } }>(tie => ({
  map: fc.dictionary(
    fc.constantFrom('a', 'b', 'c', '__proto__'),
    fc.oneof({ depthSize: 'small' }, fc.integer(), fc.array(fc.integer()), tie('map')),
  ),
})).map;
const merge = (...values: { [key: string]: Json }[]) => {
  const wrong: string[] = [];
  const layers = values.map((value, index) => ({ from: `${index}`, value, places: new Map() }));
  const { value } = mergeLayers(layers, ({ code }) => void wrong.push(code));
  return { value, wrong };
};

it('merging is associative and idempotent where shapes agree', () => {
  fc.assert(
    fc.property(tree, tree, tree, (a, b, c) => {
      const whole = merge(a, b, c);
      fc.pre(whole.wrong.length === 0);
      const right = merge(b, c);
      fc.pre(right.wrong.length === 0);
      expect(merge(merge(a, b).value, c).value).toEqual(whole.value);
      expect(merge(a, right.value).value).toEqual(whole.value);
      expect(merge(whole.value, whole.value).value).toEqual(whole.value);
    }),
  );
});

describe('B6: a scalar is what the schema of its place says, however it came there', () => {
  const module_ = [
    'converge: 1',
    'parameters: { v: { type: string }, any: {}, d: { default: 2.50 } }',
    'resources:',
    '  note: { "m-${params.title}": { text: "${params.v} ${params.any} ${params.d}", path: "${params.any}" } }',
  ].join('\n');
  const all = [
    'params: { p: 1.10, ratio: 0.50 }',
    'data: { d: 1.10, list: [1.10, 0x1F], map: { a: { v: 1.0 } }, on: True, i: 3 }',
    'resources:',
    '  note:',
    '    direct: { text: 1.10 }',
    '    fromdata: { text: "${data.d}", tags: { a: "${data.list[1]}", b: "${data.map.a.v}", c: "${data.on}", d: "${data.i}" } }',
    '    param: { text: "v${params.p}-${data.d}", ratio: "${params.ratio}" }',
    '    chosen: { text: "${data.i > 2 ? data.d : data.i}", lines: "${data.list.filter(one, one < 30)}" }',
    '    whole: { anything: "${data.map}", tags: "${data.map.a}" }',
    '    sum: { ratio: "${params.ratio + 1.0}", text: "${params.ratio * 2.0}" }',
    '    "each-${each.key}": { for_each: "${data.list}", text: "${each.value}" }',
    '    "each-${each.value}": { for_each: [2.10], text: "${each.value}" }',
  ].join('\n');

  it('in data, parameters, loops, modules, settings and templates', async () => {
    const { catalog, diagnostics } = await compileFiles(
      {
        'm.yaml': `converge: 1\n${all}\n  typed: { a: { v: 1.10, any: 3.00 } }`,
        'modules/typed/module.yaml': module_,
      },
      ['m.yaml'],
      { settings: ['set=1.20'] },
    );
    expect(diagnostics).toEqual([]);
    const properties = Object.fromEntries(catalog.resources.map(one => [one.title, one.properties]));
    expect(properties).toMatchObject({
      direct: { text: '1.10' },
      fromdata: { text: '1.10', tags: { a: '0x1F', b: '1.0', c: 'True', d: '3' } },
      param: { text: 'v1.10-1.10', ratio: 0.5 },
      chosen: { text: '1.10', lines: ['1.10'] },
      whole: { anything: { a: { v: 1 } }, tags: { v: '1.0' } },
      sum: { ratio: 1.5, text: '1' },
      'each-0': { text: '1.10' },
      'each-1': { text: '0x1F' },
      'each-2.10': { text: '2.10' },
      'm-a': { text: '1.10 3.00 2.50', path: '3.00' },
    });
  });

  it('asked for as text, it is what was written', async () => {
    const texts = {
      'string(data.d)': '1.10',
      'string( data.d )': '1.10',
      "'v' + string(data.d) + '/' + string(data.e)": 'v1.10/1.1',
      'string(data.list[1])': '0x1F',
      "data.list.map(one, string(one)).filter(one, one != '')[0]": '1.10',
      'string(data.map.a.v)': '1.0',
      'string(data.i + 1)': '4',
      'string(string(data.on))': 'True',
      'string(size(string(data.d)))': '4',
      'string(1.10)': '1.1',
      'string(data.t)': 'x',
      "string(data.d) == '1.10' ? 'so' : 'not so'": 'so',
      'data.t == ")" ? \'\' : string(data.d)': '1.10',
    };
    const lines = Object.keys(texts).map((one, i) => `    t${i}: { text: ${JSON.stringify(`\${${one}}`)} }`);
    const data =
      'data: { d: 1.10, e: 1.1, list: [1.10, 0x1F], map: { a: { v: 1.0 } }, on: True, i: 3, t: x }';
    const { catalog, diagnostics } = await compileText(`${data}\nresources:\n  note:\n${lines.join('\n')}`);
    expect(diagnostics).toEqual([]);
    const got = catalog.resources.map(({ properties }) => properties.text);
    expect(Object.fromEntries(Object.keys(texts).map((one, i) => [one, got[i]]))).toEqual(texts);
  });

  it('a name that every object has is a name like others', async () => {
    const data = '{ constructor: 2, toString: a, __proto__: { hasOwnProperty: b } }';
    const text = '${data.constructor} ${data.toString} ${data.__proto__.hasOwnProperty} ${has(data.valueOf)}';
    const { catalog, diagnostics } = await compileText(
      `data: ${data}\nresources:\n  note:\n    x: { text: "${text}" }\n    y: { tags: "\${data.__proto__}" }\n`,
    );
    expect(diagnostics).toEqual([]);
    expect(catalog.resources.map(({ properties }) => properties)).toEqual([
      { text: '2 a b false' },
      { tags: { hasOwnProperty: 'b' } },
    ]);
  });

  it('a setting keeps its text too', async () => {
    const text = 'data: { v: 1 }\nresources: { note: { n: { text: "${data.v}" } } }';
    const { catalog } = await compileText(text, { settings: ['v=1.20'] });
    expect(catalog.resources[0]!.properties).toEqual({ text: '1.20' });
  });

  it('where a number and text both fit, one that only text keeps is text', async () => {
    const both = Type.Union([Type.Integer(), Type.Number(), Type.String()]);
    const thing = fakeType('thing', { schema: Type.Object({ set: Type.Record(Type.String(), both) }) });
    const registry = { ...fakeRegistry, types: new Map([['thing', thing]]) };
    const text =
      'data: { d: 1.10 }\nresources: { thing: { a: { set: { a: 1.10, b: 1.0, c: 1.5, d: 0x1F, e: 7, f: "${data.d}" } } } }';
    const { catalog } = await compileText(text, { registry });
    expect(catalog.resources[0]!.properties.set).toEqual({
      a: '1.10',
      b: '1.0',
      c: 1.5,
      d: 31,
      e: 7,
      f: '1.10',
    });
  });
});
