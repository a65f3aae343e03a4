import { expect, test } from 'vitest';
import { ageOf, whyDue, whyElsewhere } from '../../src/recovery/replica/age.ts';
import type { Point } from '../../src/replication/model/point.ts';
import { replicaOf as snapshot } from './fixture.ts';

const point = (generation: number): Point => ({
  id: `p${generation}`,
  vm: { name: 'web01', uuid: 'u' },
  generation,
  epoch: 1,
  time: generation * 1000,
  consistency: 'crash',
  disks: [],
  left_out: [],
});
const points = [point(1), point(2), point(3)];

test('the age is that of the newest point whose every disk is complete', () => {
  const half = [snapshot(1, 'a'), snapshot(1, 'b'), snapshot(2, 'a'), snapshot(2, 'b', 'pending')];
  expect(ageOf('web01', half, points, 4000)).toEqual({ vm: 'web01', age: 3000, behind: 2 });
  expect(ageOf('web01', [...half, snapshot(2, 'b')], points, 4000)).toMatchObject({ age: 2000, behind: 1 });
  expect(ageOf('web01', [], points, 4000)).toEqual({ vm: 'web01', behind: 3 });
  // Of a point that the repository no longer has nothing can be said.
  expect(ageOf('web01', half, [point(3)], 4000)).toEqual({ vm: 'web01', behind: 1 });
});

test('it is due when there is a newer point, and it is as old as the policy lets it be', () => {
  const hour = 3_600_000;
  expect(whyDue({ vm: 'a', behind: 0 }, hour)).toMatch(/none yet/);
  expect(whyDue({ vm: 'a', age: 10 * hour, behind: 0 }, hour)).toBeUndefined();
  expect(whyDue({ vm: 'a', age: hour / 2, behind: 3 }, hour)).toBeUndefined();
  expect(whyDue({ vm: 'a', age: hour, behind: 3 }, hour)).toMatch(/newer point/);
  // Fired each hour it is found younger by the time that building it took.
  expect(whyDue({ vm: 'a', age: hour - 60_000, behind: 1 }, hour)).toMatch(/newer point/);
  expect(whyDue({ vm: 'a', age: 0, behind: 1 }, undefined)).toMatch(/newer point/);
});

test('by itself it is written in its region alone, unless home may', () => {
  expect(whyElsewhere(undefined, 'eu-west-1', 'eu-west-1')).toBeUndefined();
  expect(whyElsewhere('region', 'eu-west-1', undefined)).toMatch(/written in eu-west-1, and this machine/);
  expect(whyElsewhere(undefined, 'eu-west-1', 'eu-central-1')).toMatch(/isn't there/);
  expect(whyElsewhere('home', 'eu-west-1', undefined)).toBeUndefined();
});
