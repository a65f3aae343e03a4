import { expect, test } from 'vitest';
import { mostDisks } from '../../src/recovery/failover/image-of.ts';
import { obstacles } from '../../src/recovery/failover/prepare.ts';
import type { CloudType } from '../../src/recovery/model/instance-types.ts';
import type { CloudImage } from '../../src/recovery/model/machines.ts';
import { rightSize, unfit } from '../../src/recovery/target/sizing.ts';
import { chooseStock } from '../../src/recovery/target/stock.ts';
import type { Point } from '../../src/replication/model/point.ts';
import { aDisk, aMachine } from '../support/repository.ts';

const type = (name: string, cpus: number, gib: number, more: Partial<CloudType> = {}): CloudType => ({
  ...{ name, cpus, memory: gib * 1024, bootModes: ['legacy-bios', 'uefi'], tpm: true, dedicatedHosts: true },
  ...more,
});
const machine = { firmware: 'bios', vtpm: false, cpus: 2, memory: 4096 } as const;
const families = ['m6i', 'c6i', 'r6i'];
const sized = (wanted: Parameters<typeof rightSize>[0], types: CloudType[], onHost = false) =>
  rightSize(wanted, types, families, onHost)?.type;

test('the smallest type is that of the least memory, then of the fewest CPUs, then of the first family', () => {
  const small = type('c6i.large', 2, 4);
  const types = [type('r6i.large', 2, 16), type('m6i.large', 2, 8), type('c6i.xlarge', 4, 8), small];
  expect(sized(machine, types)).toBe('c6i.large');
  // A MiB more than it has.
  expect(sized({ ...machine, memory: 4097 }, types)).toBe('m6i.large');
  expect(sized({ ...machine, cpus: 3 }, types)).toBe('c6i.xlarge');
  expect(sized({ ...machine, cpus: 3, memory: 8193 }, types)).toBeUndefined();
  expect(sized(machine, [type('c6i.a', 2, 4), type('m6i.a', 2, 4)])).toBe('m6i.a');
  expect(sized(machine, [type('t3.medium', 2, 4)])).toBeUndefined();
});

test('a machine with a virtual TPM gets a type that has one, one on a host a type that runs there', () => {
  const without = type('c6i.large', 2, 4, { tpm: false });
  const secure = { ...machine, firmware: 'efi', vtpm: true } as const;
  expect(sized(secure, [without, type('m6i.large', 2, 8)])).toBe('m6i.large');
  expect(unfit(secure, without, false)).toBe('c6i.large has no virtual TPM');
  // RegisterImage takes one with UEFI alone.
  expect(unfit({ ...secure, firmware: 'bios' }, without, false)).toBeUndefined();
  const shared = type('c6i.large', 2, 4, { dedicatedHosts: false });
  expect(sized(machine, [shared, type('m6i.large', 2, 8)], true)).toBe('m6i.large');
  expect(sized(machine, [shared], false)).toBe('c6i.large');
  const old = type('c6i.large', 2, 4, { bootModes: ['legacy-bios'] });
  expect(sized({ ...machine, firmware: 'efi' }, [old])).toBeUndefined();
});

const image = (name: string, more: Partial<CloudImage> = {}): CloudImage => ({
  ...{ id: name, name, state: 'available', created: 1, bootMode: 'legacy-bios', tags: {} },
  ...{ platformDetails: 'Windows', usageOperation: 'RunInstances:0002' },
  ...more,
});
const stock = (year: string) => `Windows_Server-${year}-English-Full-Base-2026.01.01`;
const chosen = (images: CloudImage[], more: Partial<Parameters<typeof chooseStock>[0]> = {}) =>
  chooseStock({ guest_id: 'windows2019srv_64Guest', firmware: 'bios', ...more }, images)?.id;

test('a stock image is the newest of the very system, with its firmware, billed with the licence', () => {
  const right = image(stock('2019'));
  for (const wrong of [
    image(stock('2022'), { created: 9 }),
    image(`Windows_Server-2019-English-Full-SQL_2019-Base`, { created: 9 }),
    image(stock('2019').replace('Full', 'Core'), { created: 9 }),
    image(`${stock('2019')}-old`, { created: 9, usageOperation: 'RunInstances:0102' }),
    image(`${stock('2019')}-old`, { created: 9, platformDetails: 'Windows with SQL Server Standard' }),
    image(`${stock('2019')}-old`, { created: 9, bootMode: 'uefi' }),
    image(`${stock('2019')}-old`, { created: 9, state: 'pending' }),
  ])
    expect(chosen([wrong, right])).toBe(right.id);
  expect(chosen([right, image(`${stock('2019')}-new`, { created: 2 })])).toBe(`${stock('2019')}-new`);
  expect(chosen([image(`TPM-${stock('2019')}`, { bootMode: 'uefi' })], { firmware: 'efi' })).toBe(
    `TPM-${stock('2019')}`,
  );
});

test.for([
  ['windows9Server64Guest', '2016'],
  ['windows2019srv_64Guest', '2019'],
  ['windows2019srvNext_64Guest', '2022'],
  ['windows2022srvNext_64Guest', '2025'],
  ['windows9_64Guest', undefined],
] as const)('for %s it is of %s', ([guest_id, year]) => {
  const all = ['2016', '2019', '2022', '2025'].map(one => image(stock(one)));
  expect(chosen(all, { guest_id })).toBe(year && stock(year));
});

test('more disks than have a device name are refused, as many as have one are not', () => {
  const point = (count: number) =>
    ({
      vm: { name: 'web01', uuid: 'u' },
      machine: aMachine,
      left_out: [],
      disks: Array.from({ length: count }, (_, n) => aDisk(1, { index: n, key: 2000 + n })),
    }) as unknown as Point;
  expect(obstacles(point(mostDisks), {})).toEqual([]);
  expect(obstacles(point(mostDisks + 1), {})).toMatchObject([
    { code: 'too-many-disks', message: 'web01 has 13 disks; this version attaches 12 at most' },
  ]);
});
