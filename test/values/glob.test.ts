import fc from 'fast-check';
import { expect, test } from 'vitest';
import { globOf, pathGlobOf } from '../../src/values/glob.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 30 }).filter(text => text.isWellFormed());

test('in a glob of names, `*` is any text and `?` one character, whatever else the name holds', () => {
  fc.assert(
    fc.property(anyText, anyText, anyText, (before, between, after) => {
      const name = before + between + after;
      const [start, end] = [before, after].map(text => text.replaceAll(/[*?]/g, '?')) as [string, string];
      expect(globOf(`${start}*${end}`).test(name)).toBe(true);
      expect(globOf(`${start}?${end}`).test(`${before}/${after}`)).toBe(true);
      expect(globOf(`${start}?${end}`).test(`${before}${after}`)).toBe(false);
    }),
  );
});

test('a name without wildcards fits itself alone', () => {
  fc.assert(
    fc.property(anyText, anyText, (one, other) => {
      fc.pre(!/[*?]/.test(one));
      expect(globOf(one).test(other)).toBe(one === other);
    }),
  );
});

test.each([
  ['*.log', 'a/b/c.log', true],
  ['*.log', 'a/b.log/c', true],
  ['*.log', 'a.txt', false],
  ['logs/**', 'logs/a/b', true],
  ['logs/**', 'old/logs/a', false],
  ['/logs', 'logs/a', true],
  ['a/*/c', 'a/b/c', true],
  ['a/*/c', 'a/b/b/c', false],
  ['a/**/c', 'a/c', true],
  ['a?c', 'a/c', false],
  ['a.c', 'abc', false],
  ['toString', 'bin/toString', true],
])('%s and the path %s: %s', (glob, path, fits) => {
  expect(pathGlobOf(glob).test(path)).toBe(fits);
});

test('case counts unless it is said not to', () => {
  expect(globOf('DC*').test('dc01')).toBe(false);
  expect(globOf('DC*', 'i').test('dc01')).toBe(true);
});
