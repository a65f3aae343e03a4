import { expect, test } from 'vitest';
import { GUEST_FACTS } from '../../../src/recovery/guest-facts/format.ts';
import type { DiskFacts } from '../../../src/recovery/readiness/disk-facts.ts';
import type { Facts } from '../../../src/recovery/readiness/facts.ts';
import { judge } from '../../../src/recovery/readiness/verdict.ts';
import type { MachineRecord } from '../../../src/replication/model/machine.ts';
import type { Point } from '../../../src/replication/model/point.ts';
import { aDisk, aMachine, pointContent } from '../../support/repository.ts';

const hour = 3_600_000;
const now = 1_700_000_000_000;
const prepared = {
  at: now - 2 * hour,
  facts: Object.fromEntries(GUEST_FACTS.map(name => [name, { ok: true, what: `${name} is right` }])),
};
const image = (nvme: 'module' | 'built-in' | 'none', more: object = {}) => ({
  path: '/boot/initrd.img',
  partition: 2,
  inspected: { nvme, modules: 3, saysBuiltIn: false },
  ...more,
});

const uefi: DiskFacts = {
  table: { kind: 'gpt', signature: true, code: 'none' },
  parts: [
    { number: 1, bytes: 2 ** 25, active: false, content: 'fat', esp: true },
    { number: 2, bytes: 2 ** 30, active: false, content: 'ext', esp: false },
  ],
  loader: { state: 'there', partition: 1 },
  initramfs: { chosen: 'default', images: [image('module')] },
  guest: prepared,
};
const bios: DiskFacts = {
  ...uefi,
  table: { kind: 'mbr', signature: true, code: 'grub' },
  loader: { state: 'no-esp' },
};
const windows: Partial<MachineRecord> = { guest_id: 'windows2019srv_64Guest' };
const { initramfs: _, ...noInitramfs } = uefi;

interface Odd {
  machine?: Partial<MachineRecord>;
  disk?: Partial<DiskFacts>;
  facts?: Partial<Facts>;
  point?: Partial<Point>;
  base?: DiskFacts;
}

function judged({ machine = {}, disk = {}, facts = {}, point = {}, base = uefi }: Odd) {
  return judge({
    address: 'recovery_target:web01',
    now,
    point: {
      ...pointContent({ time: now - hour }),
      id: 'p1',
      generation: 1,
      disks: [aDisk(2 ** 31)],
      machine: { ...aMachine, ...machine },
      ...point,
    },
    disks: { 0: { ...base, ...disk } },
    cloud: [{ what: 'launch', holds: true, why: 'ec2:RunInstances would be allowed' }],
    ...facts,
  });
}

/** What isn't ready of it, as `verdict what: why`. */
const against = (odd: Odd) =>
  judged(odd)
    .findings.filter(({ verdict }) => verdict !== 'ready')
    .map(({ verdict, what, why }) => `${verdict} ${what}: ${why}`);

test('a machine of which all is known to be right is ready, by each fact with its source and age', () => {
  const { verdict, method, findings } = judged({});
  expect(against({})).toEqual([]);
  expect(verdict).toBe('ready');
  expect(method).toMatchObject({ name: 'fast' });
  expect(findings.map(({ what, source, age }) => [what, source, age])).toEqual([
    ['boot disk', 'machine', hour],
    ['boot loader', 'disk', hour],
    ['NVMe driver', 'disk', hour],
    ...['ENA driver', 'DHCP', 'SSH', 'account', 'serial console', 'time'].map(what => [
      what,
      'guest',
      2 * hour,
    ]),
    ['launch', 'EC2', undefined],
  ]);
});

test('ready are BIOS with GRUB, an active partition, and Windows that was prepared', () => {
  for (const odd of [
    { base: bios, machine: { firmware: 'bios' } },
    {
      base: bios,
      machine: { firmware: 'bios' },
      disk: {
        table: { kind: 'mbr', signature: true, code: 'other' },
        parts: [{ number: 1, bytes: 1, active: true, content: 'ext', esp: false }],
      },
    },
    { base: noInitramfs, machine: windows, facts: { license: 'aws' } },
    { disk: { initramfs: { chosen: 'any', images: [image('built-in'), image('none', { builtIn: true })] } } },
  ] satisfies Odd[])
    expect([judged(odd).verdict, against(odd)]).toEqual(['ready', []]);
});

const blind: Odd[] = [];
const odd = (name: string, wrong: Odd, method: string, ...found: (string | RegExp)[]) =>
  test(name, () => {
    const seen = against(wrong);
    expect(seen).toHaveLength(found.length);
    for (const [n, one] of found.entries()) expect(seen[n]).toMatch(one);
    const { verdict, method: by, findings } = judged(wrong);
    expect(verdict).toBe(seen.some(line => line.startsWith('not ready')) ? 'not ready' : 'unknown');
    expect(by.name).toBe(method);
    for (const { verdict: one, way_out } of findings) if (one !== 'ready') expect(way_out).toBeTruthy();
    blind.push(wrong);
  });

const firmware = { firmware: 'bios' } as const;
odd(
  'no nvme in the initramfs',
  { disk: { initramfs: { chosen: 'default', images: [image('none')] } } },
  'convert',
  /^not ready NVMe driver: \/boot\/initrd\.img has no nvme/,
);
odd(
  'one of two kernels has no nvme',
  { disk: { initramfs: { chosen: 'any', images: [image('none'), image('module')] } } },
  'fast',
  /^unknown NVMe driver: which one is started isn't known/,
);
odd(
  'an initramfs without any module',
  {
    disk: {
      initramfs: {
        chosen: 'any',
        images: [image('none', { inspected: { nvme: 'none', modules: 0, saysBuiltIn: false } })],
      },
    },
  },
  'fast',
  /^unknown NVMe driver: .*it holds no modules/,
);
odd(
  'an initramfs that can’t be read',
  {
    disk: {
      initramfs: { chosen: 'any', images: [{ path: '/i', partition: 2, why: 'it is packed with xz' }] },
    },
  },
  'fast',
  'unknown NVMe driver: /i: it is packed with xz',
);
odd(
  'a Linux on LVM',
  {
    disk: {
      initramfs: { chosen: 'any', images: [] },
      parts: [uefi.parts[0]!, { ...uefi.parts[1]!, content: 'lvm' }],
    },
  },
  'fast',
  /^unknown NVMe driver: no initramfs was found: partition 2 is lvm/,
);
odd(
  'no fallback loader',
  { disk: { loader: { state: 'missing', partition: 1 } } },
  'none',
  /^not ready boot loader: partition 1 of disk 0 has no \\EFI\\BOOT\\BOOTX64\.EFI/,
);
odd(
  'a fallback loader that is no program',
  { disk: { loader: { state: 'empty', partition: 1 } } },
  'none',
  /^not ready boot loader: .* is not a program/,
);
odd(
  'no EFI system partition',
  { disk: { loader: { state: 'no-esp' } } },
  'none',
  /^not ready boot loader: .*no EFI system/,
);
odd(
  'an EFI system partition that can’t be read',
  { disk: { loader: { state: 'unreadable', partition: 1, why: 'its table is cut off' } } },
  'fast',
  /^unknown boot loader: partition 1 of disk 0 can't be read: its table is cut off/,
);
odd(
  'a damaged GPT',
  { disk: { table: { ...uefi.table, damaged: 'the checksum of its GPT is wrong' } } },
  'fast',
  /^unknown partition table: the checksum of its GPT is wrong/,
);
odd(
  'BIOS without 55 AA',
  { base: bios, machine: firmware, disk: { table: { kind: 'none', signature: false, code: 'none' } } },
  'none',
  /^not ready boot sector: .*55 AA/,
);
odd(
  'BIOS, and a disk for UEFI',
  { machine: firmware },
  'none',
  /^not ready boot sector: the boot sector of disk 0 has no code; it has an EFI system partition/,
);
odd(
  'BIOS without an active partition',
  { base: bios, machine: firmware, disk: { table: { kind: 'mbr', signature: true, code: 'other' } } },
  'none',
  /^not ready boot sector: no partition of disk 0 is active/,
);
odd(
  'BitLocker',
  {
    base: noInitramfs,
    machine: windows,
    facts: { license: 'aws' },
    disk: { parts: [uefi.parts[0]!, { ...uefi.parts[1]!, content: 'bitlocker' }] },
  },
  'none',
  'not ready encryption: partition 2 of disk 0 is encrypted by BitLocker',
);
odd(
  'LUKS',
  { disk: { parts: [uefi.parts[0]!, { ...uefi.parts[1]!, content: 'luks' }] } },
  'fast',
  /^unknown encryption: partition 2 of disk 0 is encrypted by LUKS/,
);
odd('a virtual TPM', { machine: { vtpm: true } }, 'none', /^not ready virtual TPM/);
odd('an encrypted VM', { machine: { encrypted: true } }, 'none', /^not ready encryption: vSphere/);
odd(
  'Windows without a licence',
  { base: noInitramfs, machine: windows },
  'none',
  /^not ready machine: .*under whose licence/,
);
odd(
  'a foreign system',
  { machine: { guest_id: 'freebsd14_64Guest' } },
  'none',
  /^not ready machine: .*freebsd/,
);
odd(
  '22 disks',
  {
    point: {
      disks: Array.from({ length: 22 }, (_, index) =>
        aDisk(2 ** 20, { index, key: 2000 + index, identity: `${index}` }),
      ),
    },
    facts: {
      disks: Object.fromEntries(
        Array.from({ length: 22 }, (_, n) => [n, n === 0 ? uefi : { ...noInitramfs, parts: [] }]),
      ),
    },
  },
  'none',
  /^not ready machine: .*22 disks; this version attaches 12/,
  /^not ready disks: it has 22 disks; VM Import takes 21/,
);
odd(
  'a disk that is in no point',
  { point: { left_out: [{ label: 'Hard disk 2', identity: 'b', why: 'independent' }] } },
  'fast',
  'unknown disks: Hard disk 2 is in no point: independent',
);
odd(
  'a point of an older version',
  { point: { machine: undefined as never } },
  'unknown',
  /^not ready machine: .*says nothing/,
);
odd(
  'a boot disk that is damaged in the repository',
  { facts: { disks: { 0: { unread: 'packs/aa is damaged' } } } },
  'fast',
  'unknown disk 0: packs/aa is damaged',
  /^unknown guest: /,
);
odd(
  'a guest that was never prepared',
  { disk: { guest: { unread: "its own report can't be read: it is not JSON" } } },
  'fast',
  /^unknown guest: ENA driver, DHCP, SSH, account, serial console, time: its own report/,
);
odd(
  'a guest with a static address and no ENA',
  {
    disk: {
      guest: {
        ...prepared,
        facts: {
          ...prepared.facts,
          dhcp: { ok: false, what: 'eth0 is static' },
          ena: { ok: false, what: '' },
        },
      },
    },
  },
  'convert',
  'not ready ENA driver: the guest says that it is wrong',
  'not ready DHCP: eth0 is static',
);
odd(
  'what EC2 refuses, and what it could not be asked',
  {
    facts: {
      cloud: [
        {
          what: 'launch',
          holds: false,
          why: 'ec2:RunInstances is refused: UnauthorizedOperation: no',
          wayOut: 'allow it',
        },
        { what: 'replica', why: 'there is none', wayOut: 'make it' },
      ],
    },
  },
  'fast',
  /^not ready launch: ec2:RunInstances is refused: Unauthorized/,
  'unknown replica: there is none',
);
odd(
  'a point that may not be the newest',
  { facts: { doubt: 'the head is damaged' } },
  'fast',
  /^unknown recovery point: .*the head is damaged/,
);

const fromBytes = (facts: object, isDirty = false) => ({ registry: { isDirty, facts } });
const bareWindows = {
  base: { ...noInitramfs, guest: undefined as never },
  machine: windows,
  facts: { license: 'aws' },
} satisfies Odd;
odd(
  'a Windows that nobody prepared: its registry tells, and the rest is unknown',
  {
    ...bareWindows,
    disk: fromBytes({
      nvme: { ok: false, what: 'stornvme has Start 3' },
      dhcp: { ok: true, what: 'DHCP Client starts' },
      ...Object.fromEntries(GUEST_FACTS.slice(3, 8).map(name => [name, { ok: true, what: '' }])),
    }),
  },
  'convert',
  'not ready NVMe driver: stornvme has Start 3',
  /^unknown guest: ENA driver, serial console, KMS, time: the guest said nothing of it/,
);
odd(
  'a registry that was being written, and a guest that said nothing',
  { ...bareWindows, disk: fromBytes(prepared.facts, true) },
  'fast',
  ...GUEST_FACTS.map(name => new RegExp(`^unknown .*${name} is right; its registry was being written`)),
);
odd(
  'a registry that can’t be read',
  { ...bareWindows, disk: { registry: { unread: "its registry can't be read: it is not a hive" } } },
  'fast',
  /^unknown guest: NVMe driver, .*: its registry can't be read: it is not a hive/,
);
odd(
  'a guest that has said nothing for forty days',
  { disk: { guest: { ...prepared, at: now - 961 * hour } } },
  'fast',
  /^unknown guest: what it reports was 960 h 0 min old when the point was made: it/,
);

test('what the registry says counts before what the guest said once, unless it was being written', () => {
  const wrong = { nvme: { ok: false, what: 'stornvme has Start 3' } };
  const of = (isDirty: boolean) =>
    judged({
      base: noInitramfs,
      machine: windows,
      facts: { license: 'aws' },
      disk: fromBytes(wrong, isDirty),
    }).findings.find(({ what }) => what === 'NVMe driver');
  expect(of(false)).toMatchObject({ verdict: 'not ready', source: 'disk', age: hour });
  expect(of(true)).toMatchObject({ verdict: 'ready', source: 'guest', age: 2 * hour });
});

test('no point at all', () => {
  const { verdict, findings } = judge({
    address: 'recovery_target:web01',
    now,
    noPoint: { why: 'nothing was replicated', wayOut: 'replicate' },
    disks: {},
    cloud: [],
  });
  expect([verdict, findings]).toEqual([
    'not ready',
    [
      {
        address: 'recovery_target:web01',
        what: 'recovery point',
        verdict: 'not ready',
        why: 'nothing was replicated',
        source: 'machine',
        way_out: 'replicate',
      },
    ],
  ]);
});

test('facts are plain data: judged again after JSON it is the same', () => {
  for (const wrong of blind) {
    const first = judged(wrong);
    expect(JSON.parse(JSON.stringify(first))).toEqual(first);
  }
});
