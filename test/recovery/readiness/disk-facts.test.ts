import fc from 'fast-check';
import { expect, test } from 'vitest';
import { within } from '../../../src/recovery/readiness/bytes/disk-bytes.ts';
import { openFat } from '../../../src/recovery/readiness/disk/fat.ts';
import { diskFacts } from '../../../src/recovery/readiness/disk-facts.ts';
import { bootDisk, counted, expected, goldenDisks } from './golden.ts';

const boot = { boot: true, linux: true };

test('disks that real tools made: what is on them, and little of them is read', async () => {
  for (const [name, content] of await goldenDisks()) {
    const { disk, read } = counted(content);
    expect(await diskFacts(disk, bootDisk(name)), name).toMatchObject(expected[name]!);
    expect(read.bytes, name).toBeLessThan(1_000_000);
  }
});

test('of a data disk only its table and what its partitions begin with is read', async () => {
  const { disk, read } = counted((await goldenDisks()).get('red-uefi')!);
  const facts = await diskFacts(disk, { boot: false, linux: true });
  expect(facts.parts.map(({ content }) => content)).toEqual(['fat', 'ext', 'lvm']);
  expect(facts).not.toHaveProperty('loader');
  expect(facts).not.toHaveProperty('initramfs');
  expect(read.bytes).toBeLessThan(220_000);
});

test('FAT of 12, 16 and 32 bits: short and long names in any case, and no file is not an empty one', async () => {
  const disks = await goldenDisks();
  const esp = within(counted(disks.get('red-uefi')!).disk, 2 ** 20, 34 * 2 ** 20);
  const wide = await openFat(esp);
  expect((await wide.list('efi'))!.map(({ name }) => name)).toEqual(['BOOT', 'A longer name than eight']);
  for (const files of [wide, await openFat(counted(disks.get('fat12')!).disk)]) {
    const found = await files.open('efi/Boot/bootx64.efi');
    expect((await found!.read(0, 100)).toString()).toBe('MZ a program');
    expect(await files.open('EFI/BOOT/OTHER.EFI')).toBeUndefined();
    expect(await files.open('EFI/BOOT')).toBeUndefined();
    expect(await files.list('EFI/BOOT/BOOTX64.EFI')).toBeUndefined();
  }
});

test('an empty disk, and one that ends within its first sector', async () => {
  for (const bytes of [0, 1, 511, 512, 4096])
    expect(await diskFacts(counted(Buffer.alloc(bytes)).disk, boot)).toMatchObject({
      table: { kind: 'none', signature: false, code: 'none' },
      loader: { state: 'no-esp' },
      initramfs: { images: [] },
    });
});

test('a GPT whose checksum is wrong is not believed', async () => {
  const content = Buffer.from((await goldenDisks()).get('red-uefi')!);
  content[2 * 512 + 60] = 0x77;
  const { table, parts } = await diskFacts(counted(content).disk, boot);
  expect(table.damaged).toBe('the checksum of its GPT is wrong');
  expect(parts).toMatchObject([{ number: 0 }]);
});

const mutation = fc.array(
  fc.record({
    // Most of what is damaged is where something is; the rest is anywhere.
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    near: fc.boolean(),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
  }),
  { minLength: 1, maxLength: 12 },
);

test('damaged disks: there is always an answer, and what is read stays within bounds', async () => {
  const disks = [...(await goldenDisks())].map(([name, content]) => ({
    name,
    content,
    used: usedOf(content),
  }));
  await fc.assert(
    fc.asyncProperty(fc.nat(), mutation, async (which, changes) => {
      const { name, content, used } = disks[which % disks.length]!;
      const damaged = Buffer.from(content);
      for (const { at, near, bytes } of changes) {
        const place = near ? used[Math.floor(at * used.length)]! : Math.floor(at * damaged.length);
        damaged.set(bytes.subarray(0, damaged.length - place), place);
      }
      const { disk, read } = counted(damaged);
      const facts = await diskFacts(disk, bootDisk(name));
      expect(JSON.parse(JSON.stringify(facts))).toEqual(facts);
      expect(read.calls).toBeLessThan(200_000);
      expect(read.bytes).toBeLessThan(2 ** 30);
    }),
    { numRuns: 300 },
  );
}, 120_000);

test('bytes of chance, with the marks of what is looked for: there is always an answer', async () => {
  const marks: [number, string][] = [
    [510, '\x55\xaa'],
    [3, '-FVE-FS-'],
    [3, 'NTFS    '],
    [1080, '\x53\xef'],
    [54, 'FAT16   '],
    [82, 'FAT32   '],
    [450, '\xee'],
    [512, 'EFI PART'],
    [512, 'LABELONE'],
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 2000, maxLength: 20_000 }),
      fc.subarray(marks),
      fc.boolean(),
      async (bytes, chosen, linux) => {
        const content = Buffer.from(bytes);
        for (const [at, mark] of chosen) content.write(mark, at, 'latin1');
        const { disk, read } = counted(content);
        const facts = await diskFacts(disk, { boot: true, linux });
        expect(JSON.parse(JSON.stringify(facts))).toEqual(facts);
        expect(read.bytes).toBeLessThan(2 ** 28);
      },
    ),
    { numRuns: 500 },
  );
}, 300_000);

/** Places of a disk that hold something. */
function usedOf(content: Buffer): number[] {
  const places: number[] = [];
  for (let at = 0; at < content.length; at += 4) if (content.readUInt32LE(at) !== 0) places.push(at);
  return places;
}
