import { createCipheriv, randomBytes } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { release } from '../../../src/replication/format/release.ts';

// Of Node 24 the pool is as long as a block, which is no sign any more of what is in it.
test('what a cipher answered with is given back whatever its length, a block of 64 KiB as well', () => {
  const lengths = fc.oneof(
    fc.integer({ min: 1, max: 200_000 }),
    fc.constantFrom(8_192, 32_768, 65_535, 65_536, 65_537, 524_288),
  );
  fc.assert(
    fc.property(lengths, length => {
      const answer = () =>
        createCipheriv('aes-256-gcm', randomBytes(32), randomBytes(12)).update(Buffer.alloc(length));
      const sealed = answer();
      release(sealed);
      for (let more = 0; more < 4; more++) release(answer());
      expect(sealed.buffer.byteLength).toBe(0);
    }),
    { numRuns: 50 },
  );
});

test('what Node keeps in its pool stays, whoever else has bytes there', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40_000 }), length => {
      const before = Buffer.from('somebody else has this in the pool');
      const made = Buffer.allocUnsafe(length);
      const isAlone = made.buffer.byteLength === length;
      release(made);
      for (let more = 0; more < 4; more++) release(Buffer.allocUnsafeSlow(1));
      expect(made.length).toBe(isAlone ? 0 : length);
      release(zstdCompressSync(Buffer.alloc(length)));
      expect(before.toString()).toBe('somebody else has this in the pool');
      expect(Buffer.from('and this').toString()).toBe('and this');
    }),
  );
});
