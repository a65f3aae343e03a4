import { createKey, type Key } from '../../src/replication/format/keys.ts';
import type { LeaseValue } from '../../src/replication/model/lease-value.ts';
import type { MachineRecord } from '../../src/replication/model/machine.ts';
import type { Point, PointDisk } from '../../src/replication/model/point.ts';
import type { BundleContent, PointWriter } from '../../src/replication/model/point-writer.ts';
import type { VmRepository } from '../../src/replication/model/repository.ts';
import type { ObjectStore } from '../../src/replication/model/store.ts';
import { createRepository, type OpenRepository } from '../../src/replication/repository/open-repository.ts';
import { SeededRandom } from './seeded-random.ts';

export const aKey = (seed = 'key'): Key => createKey(new SeededRandom(seed));

export const aDisk = (bytes: number, more: Partial<PointDisk> = {}): PointDisk => ({
  index: 0,
  key: 2000,
  label: 'Hard disk 1',
  identity: 'disk-a',
  bytes,
  blockSize: 64 * 1024,
  mode: 'incremental',
  reason: 'test',
  ...more,
});

export const aMachine: MachineRecord = {
  guest_id: 'debian12_64Guest',
  firmware: 'efi',
  secure_boot: false,
  vtpm: false,
  encrypted: false,
  boot_order: ['disk:2000'],
  cpus: 2,
  memory: 2048,
  nics: [{ key: 4000, mac: '00:50:56:00:00:01', addresses: ['192.0.2.7'] }],
  disks: [{ key: 2000, controller: 'ParaVirtualSCSIController', bus: 0, unit: 0 }],
};
export const aLease = (epoch: number, host = 'mover'): LeaseValue => ({
  lease: 1,
  epoch,
  holder: { id: 'a', pid: 1, start: '', host, machine: '', boot: '', namespace: '' },
  cycle: 'c',
  snapshot: 's',
  expires: 0,
});

export const noStep = async () => {};
export const VM = { name: 'dc02-secret-name', uuid: '5029-uuid' };
export const pointContent = (more: Partial<Point> = {}) => ({
  vm: VM,
  epoch: 1,
  time: 1_700_000_000_000,
  consistency: 'crash' as const,
  left_out: [],
  ...more,
});

export const openTest = (store: ObjectStore, key?: Key, seed = 'repository'): Promise<OpenRepository> =>
  createRepository(store, { key, random: new SeededRandom(seed) });

/** One commit: the whole blocks of `image` that `blocks` names (default: all) on top of the head. */
export async function commitImage(
  vm: VmRepository,
  image: Buffer,
  options: {
    blocks?: Iterable<number>;
    full?: boolean;
    disk?: Partial<PointDisk>;
    step?: (name: string) => Promise<void>;
    point?: Partial<Point>;
    bundle?: BundleContent;
  } = {},
) {
  const { step = noStep } = options;
  const head = await vm.head();
  const before = head && (await vm.point(head.head.point));
  const writer: PointWriter = await vm.writer(head, step);
  const disk = aDisk(image.length, options.disk);
  const base = options.full ? undefined : before?.disks.find(d => d.identity === disk.identity);
  const target = await writer.disk(disk, base);
  for (const block of options.blocks ?? blockNumbers(image, disk.blockSize))
    await target.put(block, image.subarray(block * disk.blockSize, (block + 1) * disk.blockSize));
  if (options.bundle !== undefined) writer.bundle(options.bundle);
  return writer.commit(pointContent(options.point), step);
}

export const blockNumbers = (image: Buffer, blockSize: number) =>
  Array.from({ length: Math.ceil(image.length / blockSize) }, (_, n) => n);

/** The whole disk of a point, through `blocks` and, for the first and last, `block`. */
export async function readImage(vm: VmRepository, point: Point, index = 0): Promise<Buffer> {
  const disk = point.disks.find(d => d.index === index)!;
  const reader = await vm.reader(point, disk);
  const image = Buffer.alloc(disk.bytes, 0xee);
  const all = Array.from({ length: reader.map.blocks }, (_, n) => n);
  for await (const { index: n, bytes } of reader.blocks(all)) bytes.copy(image, n * disk.blockSize);
  for (const n of new Set([0, reader.map.blocks - 1])) {
    if (n < 0) continue;
    const bytes = await reader.block(n);
    if (!bytes.equals(image.subarray(n * disk.blockSize, (n + 1) * disk.blockSize)))
      throw new Error(`block(${n}) differs from blocks()`);
  }
  return image;
}
