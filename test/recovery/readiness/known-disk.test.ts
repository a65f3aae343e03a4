import { expect, test } from 'vitest';
import { lookAt } from '../../../src/recovery/readiness/known-disk.ts';
import type { PointDisk } from '../../../src/replication/model/point.ts';
import type { Committed } from '../../../src/replication/model/point-writer.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { aDisk, aKey, noStep, openTest, pointContent, VM } from '../../support/repository.ts';
import { expected, goldenDisks } from './golden.ts';

const blockSize = 2 ** 19;
const TiB = 2 ** 40;
const boot = { boot: true, linux: true };

/** A repository, encrypted, with a disk of 1 TiB that begins as `content` does. */
async function protectedDisk(content: Buffer) {
  const vm = (await openTest(memoryStore(), aKey())).vm(VM.uuid);
  const commit = async (blocks: Iterable<[number, Buffer]>, more: Partial<PointDisk> = {}) => {
    const head = await vm.head();
    const before = head && (await vm.point(head.head.point));
    const writer = await vm.writer(head, noStep);
    const disk = await writer.disk(aDisk(TiB, { blockSize, ...more }), before?.disks[0]);
    for (const [n, bytes] of blocks) await disk.put(n, bytes);
    const { point } = (await writer.commit(pointContent(), noStep)) as Committed;
    return { reader: await vm.reader(point, point.disks[0]!), disk: point.disks[0]! };
  };
  const first = await commit(
    Array.from({ length: content.length / blockSize }, (_, n) => [
      n,
      content.subarray(n * blockSize, (n + 1) * blockSize),
    ]),
  );
  return { first, commit };
}

test('a disk of 1 TiB: a few MiB are read of it, and nothing while what was read is the same', async () => {
  const content = (await goldenDisks()).get('red-uefi')!;
  const { first, commit } = await protectedDisk(content);
  const looked = await lookAt(first.reader, first.disk, boot, undefined);
  expect(looked.known.facts).toMatchObject(expected['red-uefi']!);
  expect(looked.read.bytes).toBeLessThanOrEqual(5 * 2 ** 20);
  const { known } = JSON.parse(JSON.stringify(looked)) as typeof looked;
  expect(JSON.stringify(known).length).toBeLessThan(2000);

  const other = Buffer.alloc(blockSize, 7);
  for (const [what, block] of [
    ['a page that was not looked at', 1_000_000],
    ['a block of a page that was', 1500],
  ] as const) {
    const later = await commit([[block, other]]);
    expect(await lookAt(later.reader, later.disk, boot, known), what).toEqual({
      known,
      read: { blocks: 0, bytes: 0 },
    });
  }

  const [run] = known.trace.runs;
  const without = await commit([[run![0], Buffer.alloc(blockSize)]]);
  const anew = await lookAt(without.reader, without.disk, boot, known);
  expect(anew.read.blocks).toBeGreaterThan(0);
  expect(anew.known.facts.table).toMatchObject({ kind: 'none', signature: false });
});

test('what was found of a disk is not taken for what is asked of another kind, or of a smaller one', async () => {
  const { first, commit } = await protectedDisk((await goldenDisks()).get('debian-bios')!);
  const { known } = await lookAt(first.reader, first.disk, boot, undefined);
  const asData = await lookAt(first.reader, first.disk, { boot: false, linux: true }, known);
  expect(asData.read.bytes).toBeGreaterThan(0);
  expect(asData.known.facts).not.toHaveProperty('initramfs');
  const newer = { ...known, version: (known.version + 1) as never };
  expect((await lookAt(first.reader, first.disk, boot, newer)).read.bytes).toBeGreaterThan(0);
  const smaller = await commit([], { bytes: blockSize });
  expect((await lookAt(smaller.reader, smaller.disk, boot, known)).known.bytes).toBe(blockSize);
});
