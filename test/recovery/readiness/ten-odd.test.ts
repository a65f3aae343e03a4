import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readinessLines } from '../../../src/cli/commands/recovery/readiness-lines.ts';
import { GUEST_FACTS } from '../../../src/recovery/guest-facts/format.ts';
import { inMemory } from '../../../src/recovery/readiness/bytes/disk-bytes.ts';
import { type DiskFacts, diskFacts } from '../../../src/recovery/readiness/disk-facts.ts';
import { judge } from '../../../src/recovery/readiness/verdict.ts';
import type { MachineRecord } from '../../../src/replication/model/machine.ts';
import type { Point } from '../../../src/replication/model/point.ts';
import { aDisk, aMachine, pointContent } from '../../support/repository.ts';
import { goldenDisks } from './golden.ts';

const hour = 3_600_000;
const now = Date.parse('2026-11-28T12:00:00Z');
const windows = { guest_id: 'windows2019srv_64Guest', firmware: 'bios' } as const;
const linux = { guest_id: 'debian12_64Guest', firmware: 'bios' } as const;
const says = (at: number) => ({
  at,
  facts: Object.fromEntries(GUEST_FACTS.map(name => [name, { ok: true, what: `${name} is right` }])),
});

interface Odd {
  machine: Partial<MachineRecord>;
  disk: DiskFacts;
  point?: Partial<Point>;
}

const lookedAt = (vm: string, { machine, disk, point }: Odd) => {
  const made: Point = {
    ...pointContent({ time: now - hour, vm: { name: vm, uuid: vm } }),
    ...{ id: `${vm}-0000`.slice(0, 8), generation: 1, disks: [aDisk(2 ** 31)] },
    machine: { ...aMachine, ...machine },
    ...point,
  };
  const others = made.disks.slice(1).map(({ index }) => [index, { ...disk, parts: [] }] as const);
  const judged = judge({
    ...{ address: `recovery_target:${vm}`, now, point: made, cloud: [] },
    ...(machine.guest_id === windows.guest_id && { license: 'aws' as const }),
    disks: { 0: disk, ...Object.fromEntries(others) },
  });
  const disks = { count: made.disks.length, bytes: 2 ** 31 * made.disks.length, asBefore: 0, read: 2 ** 21 };
  return { vm, point: { id: made.id, time: made.time }, ...judged, disks };
};

test('ten odd machines, as they are told', async () => {
  const golden = await goldenDisks();
  const of = (name: string, isLinux: boolean) =>
    diskFacts(inMemory(golden.get(name)!), { boot: true, linux: isLinux });
  const debian = { ...(await of('debian-bios', true)), guest: says(now - 2 * hour) };
  const bare = await of('windows-files', false);
  const prepared = { ...bare, guest: says(now - 2 * hour) };
  const { guest: _, ...never } = bare;
  const image = debian.initramfs!.images[0]!;
  const without = { ...image, inspected: { nvme: 'none' as const, modules: 40, saysBuiltIn: false } };
  const odd: Record<string, Odd> = {
    'virtual-tpm': { machine: { ...windows, vtpm: true }, disk: prepared },
    bitlocker: {
      machine: windows,
      disk: { ...prepared, parts: [{ ...prepared.parts[0]!, content: 'bitlocker' }] },
    },
    encrypted: { machine: { ...linux, encrypted: true }, disk: debian },
    'many-disks': {
      machine: linux,
      disk: debian,
      point: {
        disks: Array.from({ length: 22 }, (_, index) =>
          aDisk(2 ** 31, { index, key: 2000 + index, identity: `${index}` }),
        ),
      },
    },
    'no-loader': {
      machine: { ...linux, firmware: 'efi' },
      disk: {
        ...debian,
        ...(await of('no-loader', true)),
        initramfs: debian.initramfs!,
        guest: debian.guest,
      },
    },
    'no-active': {
      machine: windows,
      disk: { ...prepared, parts: prepared.parts.map(part => ({ ...part, active: false })) },
    },
    'no-nvme': {
      machine: linux,
      disk: { ...debian, initramfs: { chosen: 'default', images: [without] } },
    },
    'never-prepared': {
      machine: windows,
      disk: {
        ...never,
        registry: {
          isDirty: false,
          facts: {
            nvme: { ok: false, what: "stornvme has Start 3: the disk isn't there when it is looked for" },
            dhcp: { ok: true, what: 'DHCP Client starts with Windows' },
          },
        },
      },
    },
    stale: { machine: linux, disk: { ...debian, guest: says(now - 40 * 24 * hour) } },
  };
  const nothing = {
    vm: 'never-replicated',
    ...judge({
      address: 'recovery_target:never-replicated',
      now,
      noPoint: {
        why: 'its repository holds no complete point of it',
        wayOut: 'make one: `converge replicate never-replicated PATHS`',
      },
      disks: {},
      cloud: [],
    }),
    disks: { count: 0, bytes: 0, asBefore: 0, read: 0 },
  };
  const all = [...Object.entries(odd).map(([vm, one]) => lookedAt(vm, one)), nothing];
  await expect(`${readinessLines(all).join('\n')}\n`).toMatchFileSnapshot(
    join(import.meta.dirname, 'said/ten-odd.txt'),
  );
});
