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

/** The same as patterns, for globs that are short enough for that. */
const asPattern = (glob: string, wildcards: Record<string, string>, parts: RegExp): string =>
  glob
    .split(parts)
    .map(part => wildcards[part] ?? part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
    .join('');
const namePattern = (glob: string) =>
  new RegExp(`^${asPattern(glob, { '*': '.*', '?': '.' }, /(\*|\?)/)}$`, 'su');
function pathPattern(glob: string): RegExp {
  const wildcards = { '**/': '(?:.*\\/)?', '**': '.*', '*': '[^\\/]*', '?': '[^\\/]' };
  const source = asPattern(glob.replace(/^\//, ''), wildcards, /(\*\*\/|\*\*|\*|\?)/).replace(/\\\/$/, '');
  return new RegExp(`${glob.includes('/') ? '^' : '^(?:.*\\/)?'}${source}(?:\\/.*)?$`, 'su');
}

test('any glob fits what the pattern fits that says the same', () => {
  const glob = fc.string({ unit: fc.constantFrom('*', '**/', '?', '/', 'a', 'b', '.', '💾'), maxLength: 8 });
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.', '💾', 'A'), maxLength: 8 });
  fc.assert(
    fc.property(glob, text, (one, other) => {
      expect(globOf(one).test(other), 'as a name').toBe(namePattern(one).test(other));
      expect(pathGlobOf(one).test(other), 'as a path').toBe(pathPattern(one).test(other));
    }),
    { numRuns: 2_000 },
  );
});

test('a glob of many wildcards ends, on a name that it nearly fits', () => {
  const [glob, name] = [`${'*a'.repeat(30)}x`, 'a'.repeat(80)];
  for (const one of [globOf(glob, 'i'), pathGlobOf(glob), pathGlobOf(`${'**/a*'.repeat(20)}/x`)])
    expect(one.test(name)).toBe(false);
  expect(globOf('*a'.repeat(30)).test(name)).toBe(true);
});
