import { expect, test } from 'vitest';
import { oldestFirst } from '../../src/app/repository/list-points.ts';
import type { Point } from '../../src/replication/model/point.ts';

const point = (name: string, generation: number, time: number): Point => ({
  id: `${name}${generation}`,
  vm: { name, uuid: name },
  generation,
  epoch: 1,
  time,
  consistency: 'crash',
  disks: [],
  left_out: [],
});

test('points of several VMs stand by time, and those of one by generation although a clock was set back', () => {
  const a = [point('a', 1, 10), point('a', 2, 40), point('a', 3, 20)];
  const b = [point('b', 1, 15), point('b', 2, 50)];
  expect(oldestFirst([a, b]).map(({ id }) => id)).toEqual(['a1', 'b1', 'a2', 'a3', 'b2']);
  expect(oldestFirst([a]).at(-1)?.generation).toBe(3);
});
