import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { inMemory, Unreadable } from '../../../src/recovery/readiness/bytes/disk-bytes.ts';
import { inspectInitramfs } from '../../../src/recovery/readiness/initramfs/inspect.ts';

const hex = (value: number) => value.toString(16).padStart(8, '0').toUpperCase();
const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);

function entry(name: string, content: Buffer): Buffer {
  const fields = [1, 0o100644, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length + 1, 0];
  const header = Buffer.from(`070701${fields.map(hex).join('')}${name}\0`, 'latin1');
  return Buffer.concat([padded(header), padded(content)]);
}

const cpio = (files: Record<string, string>): Buffer =>
  Buffer.concat([
    ...Object.entries(files).map(([name, content]) => entry(name, Buffer.from(content))),
    entry('TRAILER!!!', Buffer.alloc(0)),
  ]);

/** A block of LZ4 that holds nothing but literals, in the legacy frame. */
function lz4(content: Buffer): Buffer {
  const lengths: number[] = [];
  let left = content.length - 15;
  for (; left >= 255; left -= 255) lengths.push(255);
  lengths.push(left);
  const block = Buffer.concat([Buffer.from([0xf0, ...lengths]), content]);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x184c2102, 0);
  head.writeUInt32LE(block.length, 4);
  return Buffer.concat([head, block]);
}

const driver = 'lib/modules/6.1/kernel/drivers/nvme/host/nvme.ko';
const withIt = cpio({ 'lib/modules/6.1/a.ko': 'a', [driver]: 'n', 'z.ko': 'z' });
const without = cpio({
  'lib/modules/6.1/a.ko': 'a',
  'lib/modules/6.1/nvme-core.ko': 'c',
  'lib/nvme.ko.txt': 't',
});
const early = cpio({ 'kernel/x86/microcode/GenuineIntel.bin': 'm'.repeat(3001) });
const packings = { none: (bytes: Buffer) => bytes, gzip: gzipSync, zstd: zstdCompressSync, lz4 };

const inspect = (bytes: Buffer) => inspectInitramfs(inMemory(bytes));

for (const [name, pack] of Object.entries(packings)) {
  test(`${name}: the driver is found, whatever is before it`, async () => {
    for (const before of [[], [early], [early, Buffer.alloc(512), early, Buffer.alloc(1024)]])
      expect(await inspect(Buffer.concat([...before, pack(withIt)]))).toEqual({
        nvme: 'module',
        modules: 2,
        saysBuiltIn: false,
      });
  });
  test(`${name}: what only sounds like the driver isn't it`, async () => {
    expect(await inspect(Buffer.concat([early, pack(without)]))).toMatchObject({ nvme: 'none', modules: 2 });
  });
  test(`${name}: cut off anywhere it is unreadable, or has what was read before`, async () => {
    const whole = Buffer.concat([early, pack(without)]);
    for (let at = early.length + 8; at < whole.length - 4; at += 7) {
      const found = await inspect(whole.subarray(0, at)).catch(error => error);
      if (!(found instanceof Unreadable)) expect(found, String(at)).toMatchObject({ nvme: 'none' });
    }
    await expect(
      inspect(whole.subarray(0, early.length + Math.floor(pack(without).length / 2))),
    ).rejects.toThrow(Unreadable);
  });
}

test('the driver after another archive of the same packed stream counts', async () => {
  expect(await inspect(gzipSync(Buffer.concat([without, Buffer.alloc(512), withIt])))).toMatchObject({
    nvme: 'module',
  });
});

test('what is built in is read from the list of the kernel', async () => {
  const list = (text: string) => inspect(gzipSync(cpio({ 'usr/lib/modules/6.1/modules.builtin': text })));
  expect(await list('kernel/drivers/nvme/host/nvme.ko\n')).toMatchObject({ nvme: 'built-in' });
  expect(await list('kernel/drivers/nvme/host/nvme-core.ko\n')).toMatchObject({
    nvme: 'none',
    saysBuiltIn: true,
  });
});

test('LZ4 with matches that reach into what they write', async () => {
  // One literal, then a match of 4 at distance 1: five times the same byte; four times that makes "07070…".
  const block = Buffer.from([0x14, 0x61, 0x01, 0x00, 0x00]);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x184c2102, 0);
  head.writeUInt32LE(block.length, 4);
  await expect(inspect(Buffer.concat([head, block]))).rejects.toThrow(/it ends in the middle/);
  const broken = Buffer.from([0x14, 0x61, 0x09, 0x00]);
  head.writeUInt32LE(broken.length, 4);
  await expect(inspect(Buffer.concat([head, broken]))).rejects.toThrow(/packed with LZ4, and damaged/);
});

test.each([
  ['xz', '\xfd7zXZ\0', /packed with xz, which isn't read here/],
  ['lzma', '\x5d\0\0\x80\0\xff', /packed with lzma/],
  ['bzip2', 'BZh91A', /packed with bzip2/],
  ['something else', 'hello, ', /in a way that is not known here/],
])('%s is said to be unreadable', async (_, head, message) => {
  await expect(
    inspect(Buffer.concat([early, Buffer.from(head, 'latin1'), Buffer.alloc(64, 1)])),
  ).rejects.toThrow(message);
});
