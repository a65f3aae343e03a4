import { expect, test } from 'vitest';
import type { Point } from '../../src/replication/model/point.ts';
import { selectPoint } from '../../src/replication/model/select-point.ts';
import { pointContent } from '../support/repository.ts';

const at = (id: string, generation: number, time: string): Point => ({
  ...pointContent(),
  id: id.padEnd(32, '0'),
  generation,
  time: Date.parse(time),
  disks: [],
});
const points = [
  at('aaaa1', 1, '2026-01-01T00:00:00Z'),
  at('aaaa2', 2, '2026-01-02T00:00:00Z'),
  at('bbbb1', 3, '2026-01-03T00:00:00Z'),
];
const pick = (which: string) => selectPoint(points, which, 'dc02').generation;

test.each([
  ['latest', 3],
  ['2026-01-02T00:00:00Z', 2],
  ['2026-01-02T23:59:59.999+00:00', 2],
  ['2026-01-02T23:00:00-05:00', 3],
  ['bbbb', 3],
  ['AAAA2', 2],
  ['aaaa1'.padEnd(32, '0'), 1],
])('%s', (which, generation) => {
  expect(pick(which)).toBe(generation);
});

test.each([
  ['2025-12-31T23:59:59Z', /no recovery point as old as/],
  ['aaaa', /several recovery points of dc02 begin with aaaa/],
  ['cccc', /has no recovery point cccc/],
  ['bbb', /neither a time nor the id/],
  ['yesterday', /neither a time nor the id/],
])('%s is refused, and says what there is', (which, message) => {
  expect(() => pick(which)).toThrow(message);
  try {
    pick(which);
  } catch (error) {
    expect(JSON.stringify(error)).toContain('2026-01-01T00:00:00.000Z');
  }
});

test('a VM without points', () => {
  expect(() => selectPoint([], 'latest', 'dc02')).toThrow('dc02 has no complete recovery point');
});

test('of points that are all known to be broken none is chosen but by its id', () => {
  const lost = {
    points: points.map(({ generation, id }) => ({ generation, id, why: 'a pack is gone' })),
    again: (id: string) => id,
  };
  for (const which of ['latest', '2026-01-02T00:00:00Z'])
    expect(() => selectPoint(points, which, 'dc02', lost)).toThrow('a pack is gone. None before it is whole');
  expect(selectPoint(points, 'bbbb', 'dc02', lost).generation).toBe(3);
});
