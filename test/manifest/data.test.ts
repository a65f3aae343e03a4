import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/engine/model/catalog.ts';
import { mergeLayers } from '../../src/manifest/sections/data-layers.ts';
import { compileFiles } from './fixture.ts';

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
