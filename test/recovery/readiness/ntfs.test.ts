import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inMemory, Unreadable, within } from '../../../src/recovery/readiness/bytes/disk-bytes.ts';
import { openNtfs } from '../../../src/recovery/readiness/disk/ntfs.ts';
import { runsIn } from '../../../src/recovery/readiness/disk/ntfs-runs.ts';
import { goldenDisks } from './golden.ts';

const volume = async () => Buffer.from((await goldenDisks()).get('windows-files')!).subarray(2 ** 20);
const textOf = async (content: Buffer, path: string) => {
  const file = await (await openNtfs(inMemory(content))).open(path);
  return file && (await file.read(0, file.bytes)).toString();
};

/** The number that marks the first record whose attribute has this content. */
const recordOf = (content: Buffer, inside: string): number => {
  const at = content.indexOf(inside);
  return at - (at % 1024);
};

test('names in any case, in directories of one block and of several; no file is not an empty one', async () => {
  const files = await openNtfs(inMemory(await volume()));
  expect((await files.list(''))!.filter(({ name }) => !name.startsWith('$'))).toEqual(
    expect.arrayContaining([
      { name: 'Grüße – 漢字.txt', kind: 'file' },
      { name: 'ProgramData', kind: 'directory' },
    ]),
  );
  const many = (await files.list('MANY'))!;
  expect(many).toHaveLength(85);
  expect(many.map(({ name }) => name)).toContain(
    'A name that is long enough to fill a directory with, number 1.txt',
  );
  for (const { name } of many) expect(await files.open(`many/${name.toUpperCase()}`)).toBeDefined();
  expect(
    await files.open('many/A name that is long enough to fill a directory with, number 7.txt'),
  ).toBeUndefined();
  expect((await files.open('empty'))!.bytes).toBe(0);
  expect(await files.open('ProgramData')).toBeUndefined();
  expect(await files.open('empty/empty')).toBeUndefined();
  expect(await files.list('empty')).toBeUndefined();
  expect(await files.list('nothing')).toBeUndefined();
});

test('content: within its record, in pieces that several records tell of, with holes, by another name', async () => {
  const content = await volume();
  expect(await textOf(content, 'GRÜSSE – 漢字.txt')).toBeUndefined();
  expect(await textOf(content, 'grüße – 漢字.TXT')).toBe('two names');
  expect(await textOf(content, 'again.txt')).toBe('two names');
  expect(await textOf(content, 'windows/system32/config/large')).toBe('w'.repeat(300_000));
  const pieces = Buffer.alloc(799 * 16_384 + 3);
  for (let n = 0; n < 800; n++) pieces.write(String(n), ((n * 37) % 800) * 16_384);
  const files = await openNtfs(inMemory(content));
  const found = (await files.open('pieces'))!;
  expect((await found.read(0, found.bytes)).equals(pieces)).toBe(true);
  expect((await found.read(5 * 16_384 - 2, 6)).equals(pieces.subarray(5 * 16_384 - 2, 5 * 16_384 + 4))).toBe(
    true,
  );
});

test('what Windows compresses, encrypts or keeps elsewhere is refused by its name', async () => {
  const content = await volume();
  await expect(textOf(content, 'packed/file')).rejects.toThrow(/packed\/file is compressed/);
  // Its attribute of content, the last of its record, with the flag of EFS; then a link in its place.
  const at = recordOf(content, 'two names');
  const attribute = content.indexOf(Buffer.from([0x80, 0, 0, 0]), at + 56);
  content.writeUInt16LE(0x4000, attribute + 12);
  await expect(textOf(content, 'again.txt')).rejects.toThrow(/again\.txt is encrypted by EFS/);
  content.writeUInt32LE(0xc0, attribute);
  await expect(textOf(content, 'again.txt')).rejects.toThrow(/again\.txt is a link/);
});

test('a record that was written half, that is another file’s by now, or that is gone, is never believed', async () => {
  const half = await volume();
  const at = recordOf(half, 'two names');
  half.writeUInt16LE(half.readUInt16LE(at + 1022) + 1, at + 1022);
  await expect(textOf(half, 'again.txt')).rejects.toThrow(/record of its file table is damaged/);
  const other = await volume();
  other.writeUInt16LE(other.readUInt16LE(at + 16) + 1, at + 16);
  await expect(textOf(other, 'again.txt')).rejects.toThrow(/is not that of the file which is named/);
  const gone = await volume();
  gone.writeUInt16LE(0, at + 22);
  await expect(textOf(gone, 'again.txt')).rejects.toThrow(/a file that is gone/);
});

test('bytes that were allocated and never written read as zeros', async () => {
  const content = await volume();
  // That of the file is the first record that has its name and isn't a directory's.
  const name = Buffer.from('large', 'utf16le');
  let record = content.indexOf('FILE0');
  while (content.readUInt16LE(record + 22) !== 1 || !content.subarray(record, record + 1024).includes(name))
    record += 1024;
  const attribute = content.indexOf(Buffer.from([0x80, 0, 0, 0]), record + 56);
  content.writeBigUInt64LE(1000n, attribute + 56);
  const said = await textOf(content, 'Windows/System32/config/large');
  expect([said!.length, said!.lastIndexOf('w'), said!.indexOf('\0')]).toEqual([300_000, 999, 1000]);
});

test('a volume that ends before what its first sector says has no bytes behind its end', async () => {
  const content = await volume();
  const end = content.indexOf('w'.repeat(4096)) + 4096;
  const files = await openNtfs(within(inMemory(content), 0, end));
  await expect(files.open('Windows/System32/config/large')).rejects.toThrow(Unreadable);
});

/** Bytes that a number needs with its sign. */
const width = (value: number): number => {
  let bytes = 1;
  while (value < -(2 ** (bytes * 8 - 1)) || value >= 2 ** (bytes * 8 - 1)) bytes++;
  return bytes;
};

/** A list of runs as NTFS writes it. */
function packed(runs: readonly { length: number; at?: number }[]): Buffer {
  const parts: number[] = [];
  let before = 0;
  for (const { length, at } of runs) {
    const wide = width(length);
    const content = Buffer.alloc(16);
    content.writeIntLE(length, 1, wide);
    let places = 0;
    if (at !== undefined) {
      places = width(at - before);
      content.writeIntLE(at - before, 1 + wide, places);
      before = at;
    }
    content[0] = (places << 4) | wide;
    parts.push(...content.subarray(0, 1 + wide + places));
  }
  return Buffer.from([...parts, 0]);
}

const clusters = 2 ** 40;
const run = fc.record(
  {
    length: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 2 ** 31 })),
    at: fc.oneof(fc.nat(300), fc.nat({ max: 2 ** 31 - 1 })).map(at => at * 200),
  },
  { requiredKeys: ['length'] },
);

test('lists of runs: what is written is read, wherever the runs lie', () => {
  fc.assert(
    fc.property(fc.array(run, { maxLength: 40 }), fc.nat(1000), (runs, first) => {
      let vcn = first;
      const expected = runs.map(({ length, at }) => {
        const offset = vcn;
        vcn += length;
        return { offset: offset * 512, length: length * 512, ...(at !== undefined && { at: at * 512 }) };
      });
      expect(runsIn(packed(runs), first, 512, clusters)).toEqual(expected);
    }),
  );
});

test('lists of runs of chance: an answer within the volume, or a refusal', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
      try {
        for (const { length, at } of runsIn(Buffer.from(bytes), 0, 1, 1000)) {
          expect(length).toBeGreaterThan(0);
          if (at !== undefined) expect(at >= 0 && at + length <= 1000).toBe(true);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(Unreadable);
      }
    }),
    { numRuns: 2000 },
  );
});
