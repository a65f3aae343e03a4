import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalDigest, canonicalJson } from '../../src/engine/model/canonical.ts';
import { child, nearest, segments, valueAt } from '../../src/engine/model/pointer.ts';
import { sha256 } from '../../src/values/digest.ts';

test('keys are sorted by code unit at every depth, undefined members are left out', () => {
  expect(canonicalJson({ b: 1, a: { Z: 1, a: 2, ä: 3 }, u: undefined, l: [undefined, { y: 1, x: 2 }] })).toBe(
    '{"a":{"Z":1,"a":2,"ä":3},"b":1,"l":[null,{"x":2,"y":1}]}',
  );
});

test.each([[1n], [Number.NaN], [() => 1], [new Map()], [{ deep: [1n] }]])(
  '%s is not JSON and is refused',
  value => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
  },
);

test('keys that are whole numbers come first, by their number: stored bytes have them so', () => {
  expect(canonicalJson({ b: 1, 10: 1, 9: 1 })).toBe('{"9":1,"10":1,"b":1}');
});

test('it holds the same value, and equal values give equal bytes in any order of keys', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), value => {
      const reversed = Object.fromEntries(Object.entries(value).reverse());
      const text = canonicalJson(value);
      expect(canonicalJson(reversed)).toBe(text);
      // Through JSON once, since JSON has no -0.
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('a pointer names what it was made from', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 5 }), keys => {
      const pointer = keys.reduce(child, '');
      expect(segments(pointer)).toEqual(keys);
      const nested = keys.reduceRight<unknown>((inner, key) => Object.fromEntries([[key, inner]]), 'found');
      expect(valueAt(nested, pointer)).toBe('found');
      expect(valueAt(nested, `${pointer}/more`)).toBeUndefined();
    }),
  );
});

test('a digest made in pieces is that of the whole text', () => {
  const member = fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue()), fc.constant(undefined));
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.string().map(name => `k${name}`),
        member,
      ),
      object => {
        expect(canonicalDigest(object)).toBe(sha256(canonicalJson(object)));
      },
    ),
  );
  expect(canonicalDigest({ list: [1, 2].values(), text: 'ab' })).toBe(
    sha256(canonicalJson({ list: [1, 2], text: 'ab' })),
  );
});

test('the nearest place is the one itself or of what it is in', () => {
  const places = new Map([
    ['/a', 1],
    ['/a/b/c', 2],
  ]);
  expect(['/a/b/c', '/a/b/c/d', '/a/b', '/a', '/ab', ''].map(p => nearest(places, p))).toEqual([
    2,
    2,
    1,
    1,
    undefined,
    undefined,
  ]);
});
