import { expect, test } from 'vitest';
import { chooseWork, type Encryption } from '../../src/recovery/replica/choose.ts';
import { type ReplicaSnapshot, readReplica, replicaTags } from '../../src/recovery/replica/names.ts';
import { aDisk, pointContent } from '../support/repository.ts';
import { replicaOf } from './fixture.ts';

const GiB = 2 ** 30;
const disk = (more: Parameters<typeof aDisk>[1] = {}) => aDisk(GiB, { identity: 'a', ...more });
/** Points of one disk, p1 to p3; the last is the one that a snapshot is wanted of. */
const pointsOf = (...disks: ReturnType<typeof disk>[]) =>
  disks.map((one, n) => ({ ...pointContent(), id: `p${n + 1}`, generation: n + 1, disks: [one] }));
const snapshot = (generation: number, more: Partial<ReplicaSnapshot> = {}): ReplicaSnapshot => ({
  ...replicaOf(generation, 'a'),
  ...more,
});
const plain: Encryption = { on: false };
const key = (name: string) => `arn:aws:kms:eu-west-1:123456789012:key/${name}`;

/** What is done for the newest point: `warm`, the parent, or why there is none. */
function chosen(
  known: ReplicaSnapshot[],
  encryption: Encryption = plain,
  points = pointsOf(disk(), disk(), disk()),
) {
  const point = points.at(-1)!;
  const choice = chooseWork(point, point.disks[0]!, known, points, encryption);
  if (choice.state === 'warm') return { warm: choice.snapshot.id };
  const { parent, reason, attempt } = choice;
  return { ...(parent && { parent: parent.snapshot.id }), ...(reason && { reason }), attempt };
}

test('the nearest snapshot that fits is gone on from', () => {
  expect(chosen([snapshot(1), snapshot(2)])).toEqual({ parent: '2a', attempt: 0 });
  expect(chosen([snapshot(1), snapshot(2, { state: 'pending' })])).toEqual({ parent: '1a', attempt: 0 });
  expect(chosen([snapshot(1), snapshot(2, { state: 'error' })])).toEqual({ parent: '1a', attempt: 0 });
  expect(chosen([snapshot(3), snapshot(2)])).toEqual({ warm: '3a' });
});

test.for<[string, ReplicaSnapshot, Encryption, ReturnType<typeof disk>[]]>([
  ['other-encryption', snapshot(1, { encrypted: true, key: key('x') }), plain, [disk(), disk()]],
  ['other-encryption', snapshot(1), { on: true, key: key('x') }, [disk(), disk()]],
  [
    'other-encryption',
    snapshot(1, { encrypted: true, key: key('x') }),
    { on: true, key: key('y') },
    [disk(), disk()],
  ],
  ['smaller-disk', snapshot(1, { gib: 2 }), plain, [disk(), disk()]],
  ['smaller-disk', snapshot(1), plain, [disk(), disk({ bytes: GiB - 512 })]],
  ['parent-point-gone', replicaOf(7, 'a'), plain, [disk(), disk()]],
  ['new-disk', snapshot(1), plain, [disk({ identity: 'b' }), disk()]],
  ['other-block-size', snapshot(1), plain, [disk({ blockSize: 128 * 1024 }), disk()]],
  ['new-disk', replicaOf(1, 'b'), plain, [disk(), disk()]],
])('nothing is gone on from: %s', ([reason, known, encryption, disks]) => {
  expect(chosen([known], encryption, pointsOf(...disks))).toEqual({ reason, attempt: 0 });
});

test('a snapshot of the point under another encryption is not the one that is wanted', () => {
  const encrypted = { encrypted: true, key: key('x') };
  expect(chosen([snapshot(3, encrypted)], { on: true, key: key('x') })).toEqual({ warm: '3a' });
  // An alias names a key without saying which.
  expect(chosen([snapshot(3, encrypted)], { on: true, key: 'alias/aws/ebs' })).toEqual({ warm: '3a' });
  expect(chosen([snapshot(3, encrypted)])).toEqual({ reason: 'first', attempt: 1 });
  expect(chosen([snapshot(3)], { on: true, key: key('x') })).toEqual({ reason: 'first', attempt: 1 });
});

test('what failed, or was begun under another encryption, holds its token: the next attempt has another', () => {
  const failed = snapshot(3, { state: 'error', attempt: 4 });
  expect(chosen([failed])).toEqual({ reason: 'first', attempt: 5 });
  const pending = snapshot(3, { state: 'pending', attempt: 2 });
  expect(chosen([pending])).toEqual({ reason: 'first', attempt: 0 });
  expect(chosen([pending], { on: true })).toEqual({ reason: 'first', attempt: 3 });
});

test('a snapshot whose tags somebody changed is not one of the replica', () => {
  const { tags, ...sound } = replicaOf(1, 'a');
  expect(readReplica({ ...sound, tags })).toMatchObject({ generation: 1, identity: 'a' });
  for (const name of ['disk', 'point', 'disks', 'generation', 'attempt'] as const) {
    const wrong = name === 'disk' || name === 'point' ? '' : 'many';
    expect(readReplica({ ...sound, tags: { ...tags, [replicaTags[name]]: wrong } }), name).toBeUndefined();
  }
});
