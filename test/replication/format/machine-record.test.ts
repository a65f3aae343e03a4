import { expect, test } from 'vitest';
import { Failure } from '../../../src/diagnostics/diagnostic.ts';
import { decodeRoot, encodeRoot, type Root } from '../../../src/replication/format/root.ts';
import { bootDiskKey, guestFamily, type MachineRecord } from '../../../src/replication/model/machine.ts';
import { aDisk, aMachine, pointContent } from '../../support/repository.ts';

const root = (machine?: unknown): Root => ({
  point: {
    id: 'a'.repeat(32),
    generation: 1,
    disks: [aDisk(1)],
    ...pointContent(machine === undefined ? {} : { machine: machine as MachineRecord }),
  },
  previous: undefined,
  disks: [{ disk: aDisk(1), number: 0, pages: [{ base: undefined, deltas: [] }] }],
  nextNumber: 1,
  pagesObjects: new Map(),
  segments: [],
});
const again = (machine?: unknown) => decodeRoot('points/aa', encodeRoot(root(machine))).point.machine;

test('a point keeps its record of the machine; one without stays without', () => {
  expect(again(aMachine)).toEqual(aMachine);
  expect(again()).toBeUndefined();
});

test.for<[string, unknown]>([
  ['no object', 'debian'],
  ['null', null],
  ['a firmware that there is not', { ...aMachine, firmware: 'coreboot' }],
  ['a size below zero', { ...aMachine, memory: -1 }],
  ['a disk without a unit', { ...aMachine, disks: [{ key: 2000, controller: '', bus: 0 }] }],
  ['addresses that are no list', { ...aMachine, nics: [{ key: 1, mac: '', addresses: 'x' }] }],
])('a forged record is damage, not a machine: %s', ([, forged]) => {
  expect(() => again(forged)).toThrow(Failure);
});

test('the boot disk is the first of the boot order, else the first by controller and unit', () => {
  const disks = [2000, 2001].map((key, unit) => ({ key, controller: '', bus: 0, unit }));
  expect(bootDiskKey({ ...aMachine, disks, boot_order: ['cdrom', 'disk:2001', 'disk:2000'] })).toBe(2001);
  expect(bootDiskKey({ ...aMachine, disks, boot_order: ['ethernet:4000'] })).toBe(2000);
  expect(bootDiskKey({ ...aMachine, disks: [], boot_order: [] })).toBeUndefined();
});

test.for<[string, string]>([
  ['windows2019srvNext_64Guest', 'windows'],
  ['winNetEnterprise64Guest', 'windows'],
  ['debian12_64Guest', 'linux'],
  ['otherLinux64Guest', 'linux'],
  ['freebsd13_64Guest', 'other'],
])('%s is of the family %s', ([guest_id, family]) => {
  expect(guestFamily({ ...aMachine, guest_id })).toBe(family);
});
