import { describe, expect, test } from 'vitest';
import { type DecisionContext, decideMode } from '../../../src/replication/cycle/decide-mode.ts';
import { isOrphan, isOurs, snapshotName } from '../../../src/replication/cycle/snapshot-name.ts';
import type { PointDisk } from '../../../src/replication/model/point.ts';
import type { SourceDisk } from '../../../src/replication/model/source.ts';

const epoch = '52 de c0 d9 b9 43 9d 10-61 d5 4c 1b e9 7b 65 63';
const other = '00 de c0 d9 b9 43 9d 10-61 d5 4c 1b e9 7b 65 63';
const disk: SourceDisk = {
  key: 2000,
  index: 0,
  label: 'Hard disk 1',
  identity: '6000C29a',
  capacity: 1 << 20,
  changeId: `${epoch}/9`,
};
const held: PointDisk = {
  index: 0,
  key: 2000,
  label: 'Hard disk 1',
  identity: '6000C29a',
  bytes: 1 << 20,
  blockSize: 65536,
  changeId: `${epoch}/8`,
  mode: 'full',
  reason: 'first-cycle',
};
const decide = (
  now: Partial<SourceDisk>,
  then: Partial<PointDisk>[] | undefined,
  rest: Partial<DecisionContext> = {},
) => {
  const current = { ...disk, ...now } as SourceDisk;
  return decideMode(current, {
    previous: then?.map(t => ({ ...held, ...t }) as PointDisk),
    disks: [current],
    changeTracking: true,
    rescan: false,
    ...rest,
  });
};

describe('decideMode', () => {
  test.each([
    ['incremental', 'changed-areas', {}, [{}], {}],
    ['incremental', 'changed-areas', { changeId: `${epoch}/8` }, [{}], {}],
    ['incremental', 'changed-areas', { key: 2016, index: 3, label: 'moved' }, [{}], {}],
    ['full', 'first-cycle', {}, undefined, { rescan: true }],
    ['full', 'new-disk', { key: 2001, index: 1, identity: 'x' }, [{}], {}],
    ['full', 'disk-replaced', { identity: 'x' }, [{}], {}],
    ['full', 'capacity-changed', { capacity: 512 }, [{}], {}],
    ['rescan', 'capacity-changed', { capacity: 2 << 20 }, [{}], {}],
    ['rescan', 'requested', {}, [{}], { rescan: true }],
    ['rescan', 'tracking-off', {}, [{}], { changeTracking: false }],
    ['rescan', 'no-change-id', { changeId: undefined }, [{}], {}],
    ['rescan', 'no-change-id', {}, [{ changeId: undefined }], {}],
    ['rescan', 'change-id-unreadable', { changeId: 'new form' }, [{}], {}],
    ['rescan', 'change-id-unreadable', {}, [{ changeId: '*' }], {}],
    ['rescan', 'change-id-epoch', { changeId: `${other}/9` }, [{}], {}],
    ['rescan', 'change-id-backwards', { changeId: `${epoch}/7` }, [{}], {}],
    ['rescan', 'ambiguous-identity', {}, [{}, { key: 2001, index: 1 }], {}],
    ['full', 'ambiguous-identity', { key: 2016 }, [{}, { key: 2001, index: 1 }], {}],
    ['full', 'ambiguous-identity', { key: 2016 }, [{}], { disks: [disk, { ...disk, key: 2016, index: 1 }] }],
    ['rescan', 'ambiguous-identity', {}, [{}], { disks: [disk, { ...disk, key: 2001, index: 1 }] }],
  ] as const)('%s: %s %#', (mode, reason, now, then, rest) => {
    const decision = decide(now as Partial<SourceDisk>, then as Partial<PointDisk>[] | undefined, rest);
    expect(decision).toMatchObject({ mode, reason });
    expect(decision.base !== undefined).toBe(mode !== 'full');
  });

  test('of two disks with one identity, the one at the same device key is the base', () => {
    expect(decide({ key: 2001 }, [{}, { key: 2001, index: 1 }]).base?.key).toBe(2001);
  });
});

describe('snapshot names', () => {
  const name = { vm: '5031B9C2-aaaa', repository: 'A1-b2-c3-d4-e5', epoch: 12, cycle: '0123456789' };

  test('tell VM, repository, epoch and cycle in fewer than the 80 characters that vSphere shows', () => {
    expect(snapshotName(name)).toBe('converge-5031b9c2-a1b2c3d4-12-01234567');
  });

  test('are orphans only below the epoch, of the same VM and repository', () => {
    const given = snapshotName(name);
    expect(isOrphan(given, { ...name, epoch: 13 })).toBe(true);
    expect(isOrphan(given, { ...name, epoch: 12 })).toBe(false);
    expect(isOrphan(given, { ...name, epoch: 13, vm: 'other' })).toBe(false);
    expect(isOrphan(given, { ...name, epoch: 13, repository: 'other' })).toBe(false);
    expect(isOrphan(`${given} (copy)`, { ...name, epoch: 13 })).toBe(false);
    expect(isOurs(given)).toBe(true);
    expect(isOurs('converge')).toBe(false);
  });
});
