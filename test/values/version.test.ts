import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareVersions, isVersion } from '../../src/values/version.ts';

test.each([
  ['1.2', '1.2.0', 0],
  ['1', '1.0.0', 0],
  ['1.10.0', '1.9.9', 1],
  ['1.2.0-rc.1', '1.2.0', -1],
  ['1.2.0-rc.2', '1.2.0-rc.10', -1],
  ['1.2.0+build', '1.2.0', 0],
  ['1.2-rc.1', '1.2', -1],
])('%s against %s', (a, b, order) => {
  expect(compareVersions(a, b)).toBe(order);
  expect(compareVersions(b, a)).toBe(order === 0 ? 0 : -order);
});

test.each(['', 'newest', '1.2.3.4', '1.', '.1', 'v1.2.3', '1.2.3 or so', '01.2.3', '1.2.x', '\n1.2.3'])(
  '%j is not a version',
  text => {
    expect(isVersion(text)).toBe(false);
    expect(compareVersions(text, '1.2.3')).toBeUndefined();
    expect(compareVersions('1.2.3', text)).toBeUndefined();
  },
);

test('numbers are ordered as numbers', () => {
  const part = fc.nat({ max: 10_000 });
  fc.assert(
    fc.property(fc.tuple(part, part, part), fc.tuple(part, part, part), (a, b) => {
      const at = a.findIndex((number, i) => number !== b[i]);
      const expected = at < 0 ? 0 : Math.sign(a[at]! - b[at]!);
      expect(compareVersions(a.join('.'), b.join('.'))).toBe(expected);
    }),
  );
});
