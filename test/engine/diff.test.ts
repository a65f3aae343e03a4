import fc from 'fast-check';
import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import { creationFields, structuralDiff } from '../../src/engine/model/diff.ts';

const schema = Type.Object({
  tags: Type.Array(Type.String(), { 'x-unordered': true }),
  rules: Type.Array(Type.Object({ verbs: Type.Array(Type.String(), { 'x-unordered': true }) })),
  nested: Type.Object({ set: Type.Array(Type.Number(), { 'x-unordered': true }) }),
});
const diff = (is: object, should: object, same = () => false) => structuralDiff(schema, is, should, same);

describe('structural diff', () => {
  test('only declared keys count', () => {
    expect(diff({ a: 1, extra: 2 }, { a: 1 })).toEqual([]);
    expect(diff({ a: 1 }, { a: undefined })).toEqual([]);
    expect(diff({ nested: { x: 1, other: 2 } }, { nested: { x: 1 } })).toEqual([]);
  });

  test('changes are named by JSON pointer with before and after', () => {
    expect(diff({ a: 1, 'b/c': { '~': 'x' } }, { a: 2, 'b/c': { '~': 'y' }, n: null })).toEqual([
      { path: '/a', before: 1, after: 2 },
      { path: '/b~1c/~0', before: 'x', after: 'y' },
      { path: '/n', after: null },
    ]);
  });

  test('lists are compared by value, as sets where the schema says so', () => {
    expect(diff({ list: [1, 2] }, { list: [2, 1] })).toEqual([
      { path: '/list', before: [1, 2], after: [2, 1] },
    ]);
    expect(diff({ tags: ['a', 'b'] }, { tags: ['b', 'a', 'a'] })).toEqual([]);
    expect(diff({ tags: ['a', 'b'] }, { tags: ['a'] })).toHaveLength(1);
    expect(diff({ nested: { set: [1, 2] } }, { nested: { set: [2, 1] } })).toEqual([]);
  });

  test('a list of maps does not care for the order of keys', () => {
    expect(diff({ list: [{ a: 1, b: 2 }] }, { list: [{ b: 2, a: 1 }] })).toEqual([]);
  });

  test('a kind that changes is a change', () => {
    expect(diff({ a: { b: 1 } }, { a: [1] })).toEqual([{ path: '/a', before: { b: 1 }, after: [1] }]);
    expect(diff({ a: '1' }, { a: 1 })).toHaveLength(1);
  });

  test('a secret is equal when the observation says so, else when memory does', () => {
    const ref = { $secret: 'env:X' };
    expect(diff({ p: ref }, { p: ref })).toEqual([]);
    expect(diff({ p: 'other' }, { p: ref }, () => true)).toEqual([
      { path: '/p', before: 'other', after: ref },
    ]);
    expect(diff({}, { p: ref })).toEqual([{ path: '/p', after: ref }]);
    expect(diff({}, { p: ref }, () => true)).toEqual([]);
  });
});

test('creation lists every leaf', () => {
  expect(creationFields({ b: { c: 1, d: [1] }, a: {}, s: { $secret: 'env:X' } })).toEqual([
    { path: '/a', after: {} },
    { path: '/b/c', after: 1 },
    { path: '/b/d', after: [1] },
    { path: '/s', after: { $secret: 'env:X' } },
  ]);
});

test('a value never differs from itself, and setting each named path makes any two equal', () => {
  const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.constant(null), fc.array(fc.integer()));
  const key = fc.string({ minLength: 1, maxLength: 3 }).filter(k => k !== '__proto__');
  const { value } = fc.letrec(tie => ({
    value: fc.dictionary(key, fc.oneof({ depthSize: 'small' }, leaf, tie('value'))),
  }));
  fc.assert(
    fc.property(value, value, (a, b) => {
      const [is, should] = [a as object, b as object];
      expect(diff(is, is)).toEqual([]);
      const merged = structuredClone(is) as Record<string, unknown>;
      for (const { path, after } of diff(is, should)) set(merged, path, after);
      expect(diff(merged, should)).toEqual([]);
    }),
  );
});

function set(target: Record<string, unknown>, path: string, value: unknown): void {
  const keys = path
    .split('/')
    .slice(1)
    .map(k => k.replaceAll('~1', '/').replaceAll('~0', '~'));
  let at = target;
  for (const key of keys.slice(0, -1)) at = at[key] as Record<string, unknown>;
  at[keys.at(-1)!] = value;
}
