import fc from 'fast-check';
import { expect, it } from 'vitest';
import { distance, nearest, suggest } from '../../src/diagnostics/nearest.ts';

it.each<[string, string, number]>([
  ['', '', 0],
  ['a', '', 1],
  ['bucket', 'bukcet', 1],
  ['kitten', 'sitting', 3],
  ['versionin', 'versioning', 1],
])('from %s to %s are %i edits', (a, b, edits) => {
  expect(distance(a, b, 5)).toBe(edits);
});

it('is symmetric, zero only for equals, and capped', () => {
  const word = fc.string({ maxLength: 8 });
  fc.assert(
    fc.property(word, word, fc.nat(4), (a, b, limit) => {
      const d = distance(a, b, 20);
      expect(distance(b, a, 20)).toBe(d);
      expect(d === 0).toBe(a === b);
      expect(distance(a, b, limit)).toBe(Math.min(d, limit + 1));
    }),
  );
});

it('the nearest is what people meant', () => {
  const names = ['bucket', 'file', 'exec', 'protected_vm', 'raw_image'];
  expect(nearest('bukket', names)).toBe('bucket');
  expect(nearest('Protected_VM', names)).toBe('protected_vm');
  expect(nearest('protectd_vn', names)).toBe('protected_vm');
  expect(nearest('xyz', names)).toBeUndefined();
  expect(nearest('id', ['ed', 'od', 'id'])).toBe('id');
});

it('without a near one the names there are help', () => {
  expect(suggest('fil', ['file'])).toBe('did you mean `file`?');
  expect(suggest('xyz', ['file', 'exec'])).toBe('known: file, exec');
  expect(suggest('xyz', [])).toBeUndefined();
  expect(
    suggest(
      'xyz',
      Array.from({ length: 12 }, (_, i) => `name-${i}`),
    ),
  ).toMatch(/name-9, and 2 more$/);
});
