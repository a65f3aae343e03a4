import { constants, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blockCount, blockSizeFor, MAX_BLOCK } from '../../../src/replication/format/blocks.ts';
import { compress, decompress, RAW, ZSTD } from '../../../src/replication/format/compression.ts';
import { containerBuilder, openContainer, readFooter } from '../../../src/replication/format/container.ts';
import { encodePackFooter, PACK_ROOM, packBuilder } from '../../../src/replication/format/pack-object.ts';
import { roomOf, type Sealer, sealerFor, sealObject } from '../../../src/replication/format/sealing.ts';
import { vaultOf } from '../../../src/replication/format/vault.ts';
import { checkObject } from '../../../src/replication/verify/objects.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const GiB = 2 ** 30;
const id = 'ab'.repeat(16);
const key = `vms/x/packs/ab/${id}`;
/** The section of a block as it is stored at `offset`; room for it and for no more. */
function sealed(sealer: Sealer, offset: number, id: Buffer, block: Buffer): Buffer {
  const object = Buffer.alloc(offset + roomOf(block), 0xee);
  expect(() => sealer.sealBlock(object.subarray(0, -1 - block.length), offset, id, block)).toThrow(
    RangeError,
  );
  return object.subarray(offset, offset + sealer.sealBlock(object, offset, id, block));
}
const vaults = [vaultOf(undefined), vaultOf(Buffer.alloc(32, 7))] as const;

test('block sizes follow the stated rule', () => {
  const at = (capacity: number) => blockSizeFor(capacity) / 1024;
  expect([0, GiB, 64 * GiB, 64 * GiB + 1, 128 * GiB, 256 * GiB, 256 * GiB + 1, 65536 * GiB].map(at)).toEqual([
    64, 64, 64, 128, 128, 256, 512, 512,
  ]);
  expect([0, 1, 65536, 65537].map(n => blockCount(n, 65536))).toEqual([0, 1, 1, 2]);
});

describe('compression', () => {
  test('text shrinks, random bytes stay, both come back', () => {
    const text = Buffer.from('a line of a log\n'.repeat(4096));
    const noise = new SeededRandom('noise').bytes(65536);
    expect(compress(text, 1).encoding).toBe(ZSTD);
    expect(compress(noise, 1)).toEqual({ encoding: RAW, bytes: noise });
    for (const plain of [text, noise, Buffer.alloc(0), Buffer.from('x')]) {
      const { encoding, bytes } = compress(plain, 1);
      expect(decompress(encoding, bytes, plain.length).equals(plain)).toBe(true);
    }
  });

  test('frames are those of a context that was never used before, whatever came before them', () => {
    const half = new SeededRandom('half').bytes(32_768);
    const noise = fc.uint8Array({ maxLength: 3_000 }).map(bytes => Buffer.from(bytes));
    const text = fc.tuple(fc.string({ maxLength: 40 }), fc.nat({ max: MAX_BLOCK + 10 }));
    const block = fc.oneof(
      noise,
      text.map(([word, length]) => Buffer.alloc(length, `${word}, `)),
      // A frame, or nearly one: it does not go into less than it had.
      fc.nat({ max: 32_768 }).map(n => Buffer.concat([half, Buffer.alloc(n, 'x')])),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(block, fc.constantFrom(1, 3)), { maxLength: 8 }), blocks => {
        for (const [plain, level] of blocks) {
          const { encoding, bytes } = compress(plain, level);
          const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 };
          const alone = zstdCompressSync(plain, { params, pledgedSrcSize: plain.length });
          expect(bytes.equals(encoding === ZSTD ? alone : plain)).toBe(true);
          if (encoding === RAW && plain.length < 32 * 1024)
            expect(alone.length).toBeGreaterThan(plain.length * 0.95);
        }
      }),
    );
  });

  test('a frame is unpacked into the room that there is for it, and no other frame has a part in it', () => {
    const sizes = fc.oneof(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 60_000, max: 70_000 }));
    const plain = fc.tuple(fc.string({ minLength: 1, maxLength: 9 }), sizes);
    const cuts = fc.option(fc.integer({ min: 1, max: 12 }), { nil: 0 });
    const room = Buffer.alloc(MAX_BLOCK);
    fc.assert(
      fc.property(fc.array(fc.tuple(plain, cuts, fc.boolean()), { maxLength: 8 }), frames => {
        for (const [[word, length], cut, isTight] of frames) {
          const block = Buffer.alloc(length, word);
          const params = { [constants.ZSTD_c_checksumFlag]: 1 };
          const whole = zstdCompressSync(block, { params, pledgedSrcSize: length });
          const frame = whole.subarray(0, whole.length - cut);
          const into = isTight ? room.subarray(0, length) : room;
          room.fill(0xee);
          const open = () => decompress(ZSTD, frame, MAX_BLOCK, into);
          if (cut > 0) expect(open).toThrow('unexpected end of file');
          if (cut > 0) continue;
          expect(open().equals(block)).toBe(true);
          expect(open().buffer === room.buffer).toBe(!isTight);
          expect(room.subarray(length + 1).every(byte => byte === 0xee)).toBe(true);
          expect(() => decompress(ZSTD, frame, length - 1, room)).toThrow();
        }
      }),
    );
  });

  test('a frame that claims more than may be is refused', () => {
    const bomb = compress(Buffer.alloc(64 * 2 ** 20), 3);
    expect(bomb.bytes.length).toBeLessThan(10_000);
    expect(() => decompress(bomb.encoding, bomb.bytes, MAX_BLOCK)).toThrow();
    expect(() => decompress(RAW, Buffer.alloc(10), 9)).toThrow('longer than 9 bytes');
    expect(() => decompress(7, Buffer.alloc(10), 10)).toThrow('unknown encoding 7');
  });
});

describe.each([
  ['plain', vaults[0]],
  ['encrypted', vaults[1]],
])('%s sections', (_, vault) => {
  test('open where they lie, and nowhere else', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 6 }), payloads => {
        const builder = containerBuilder(vault, 'pages', key, id);
        const spans = payloads.map(p => builder.add(Buffer.from(p)));
        const { bytes, footer } = builder.finish(Buffer.from('the footer'));
        const opened = openContainer(vault, 'pages', key, bytes);
        expect(opened.payload.toString()).toBe('the footer');
        expect(readFooter(opened.sealer, bytes.subarray(footer), footer).offset).toBe(footer);
        for (const [n, { offset, length }] of spans.entries()) {
          const stored = bytes.subarray(offset, offset + length);
          expect(opened.sealer.open(offset, stored, 300).equals(Buffer.from(payloads[n]!))).toBe(true);
          expect(() => opened.sealer.open(offset + 1, stored, 300)).toThrow('not what was written');
          expect(() => opened.sealer.open(offset, stored, 300, Buffer.from('label'))).toThrow(
            'not what was written',
          );
        }
      }),
    );
  });

  test('of another object, kind or repository are refused', () => {
    const salt = Buffer.from(id, 'hex');
    const stored = sealerFor(vault, 'point', 'a', salt).seal(32, Buffer.from('x'));
    const others = [
      sealerFor(vault, 'point', 'b', salt),
      sealerFor(vault, 'head', 'a', salt),
      sealerFor(vault, 'point', 'a', Buffer.alloc(16)),
      sealerFor(vault === vaults[0] ? vaults[1] : vaults[0], 'point', 'a', salt),
    ];
    for (const other of others) expect(() => other.open(32, stored, 10)).toThrow('is damaged');
  });

  test('an object of a newer version is said to be just that', () => {
    const object = sealObject(vault, 'point', 'a', Buffer.alloc(16), Buffer.from('x'));
    object[8] = 2;
    expect(checkObject(vault, 'point', 'a', object).damage?.message).toContain('has format 2');
  });

  test('a pack with bytes that belong to nothing, or a block that is not its id, is damaged', () => {
    const block = Buffer.from('some block');
    const build = (ids: Buffer[], more: boolean) => {
      const builder = packBuilder(vault, key, id, Buffer.alloc(PACK_ROOM));
      for (const of of ids) builder.add(of, block);
      if (!more) return checkObject(vault, 'pack', key, builder.finish());
      const unlisted = containerBuilder(vault, 'pack', key, id);
      unlisted.add(Buffer.from('not in the footer'));
      return checkObject(vault, 'pack', key, unlisted.finish(encodePackFooter([])).bytes);
    };
    expect(build([vault.blockId(block)], false).damage).toBeUndefined();
    expect(build([vault.blockId(block)], true).damage?.message).toContain('unaccounted for');
    expect(build([Buffer.alloc(32, 1)], false).damage?.message).toMatch(/another id|not what was written/);
  });

  test('a block is what its id says, however it is stored', () => {
    const sealer = sealerFor(vault, 'pack', key, Buffer.from(id, 'hex'));
    const noise = fc.uint8Array({ minLength: 1, maxLength: 400 }).map(bytes => Buffer.from(bytes));
    const text = fc.nat({ max: 255 }).map(byte => Buffer.alloc(40_000, `${byte} and so on, `));
    fc.assert(
      fc.property(fc.oneof(noise, text), fc.nat(), fc.integer({ min: 1, max: 255 }), (block, at, flip) => {
        const of = vault.blockId(block);
        const stored = sealed(sealer, 64, of, block);
        expect(sealer.openBlock(64, stored, MAX_BLOCK, of).equals(block)).toBe(true);
        const wrong = Buffer.from(of);
        wrong[0]! ^= flip;
        expect(() => sealer.openBlock(64, stored, MAX_BLOCK, wrong)).toThrow('is damaged');
        expect(() => sealer.openBlock(64, sealed(sealer, 64, wrong, block), MAX_BLOCK, wrong)).toThrow(
          'is damaged',
        );
        const altered = Buffer.from(stored);
        altered[at % stored.length]! ^= flip;
        expect(() => sealer.openBlock(64, altered, MAX_BLOCK, of)).toThrow('is damaged');
      }),
    );
  });

  test('a block is put in the place of what it was stored as, and of a damaged one nothing', () => {
    const sealer = sealerFor(vault, 'pack', key, Buffer.from(id, 'hex'));
    const blocks = Array.from({ length: 40 }, (_, n) => new SeededRandom(`${n}`).bytes(40_000 + n));
    const run = Buffer.concat(blocks.map(block => sealed(sealer, 64, vault.blockId(block), block)));
    const storedOf = (from: Buffer, n: number) => {
      const at = blocks.slice(0, n).reduce((sum, { length }) => sum + roomOf(Buffer.alloc(length)), 0);
      return from.subarray(at, at + roomOf(blocks[n]!));
    };
    const damaged = Buffer.from(run);
    for (const [n, block] of blocks.entries()) {
      const stored = storedOf(damaged, n);
      stored[n]! ^= 1;
      const before = Buffer.from(stored);
      expect(() => sealer.openBlock(64, stored, MAX_BLOCK, vault.blockId(block), { into: stored })).toThrow(
        'is damaged',
      );
      expect(stored.equals(before)).toBe(true);
    }
    const opened = blocks.map((block, n) => {
      const stored = storedOf(run, n);
      return sealer.openBlock(64, stored, MAX_BLOCK, vault.blockId(block), { into: stored });
    });
    for (const [n, plain] of opened.entries()) {
      expect(plain.buffer).toBe(run.buffer);
      expect(plain.equals(blocks[n]!)).toBe(true);
    }
  });

  test('every byte of a stored block counts', () => {
    const sealer = sealerFor(vault, 'pack', key, Buffer.from(id, 'hex'));
    for (const block of [new SeededRandom('b').bytes(700), Buffer.alloc(40_000, 'compresses well ')]) {
      const of = vault.blockId(block);
      const stored = sealed(sealer, 32, of, block);
      for (let n = 0; n < stored.length; n++) {
        const altered = Buffer.from(stored);
        altered[n]! ^= 0x40;
        expect(() => sealer.openBlock(32, altered, MAX_BLOCK, of)).toThrow('is damaged');
      }
      for (const cut of [stored.subarray(0, -1), stored.subarray(1), stored.subarray(0, 3)])
        expect(() => sealer.openBlock(32, cut, MAX_BLOCK, of)).toThrow('is damaged');
      expect(() => sealer.openBlock(33, stored, MAX_BLOCK, of)).toThrow('is damaged');
    }
  });
});
