import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compress } from '../../../src/replication/format/compression.ts';
import type { Changes, Signal } from '../../../src/replication/model/point.ts';
import { changesAfter } from '../../../src/replication/retention/change-signal.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1);

interface Cycle {
  /** Hours since the point before. */
  after?: number;
  bytes: number;
  /** Of what was read so much is stored. */
  share: number;
}

/** A VM of 100 GiB through these cycles; the signals, by the number of the cycle. */
function through(cycles: readonly Cycle[], disks = 100 * GIB) {
  let changes: Changes | undefined;
  let time = START;
  const signals: { n: number; kind: Signal['kind'] }[] = [];
  for (const [n, { after = 1, bytes, share }] of cycles.entries()) {
    const before = time;
    time += after * HOUR;
    changes = changesAfter(changes, { time, before, bytes, stored: Math.round(bytes * share), disks });
    if (changes.signal) signals.push({ n, kind: changes.signal.kind });
  }
  return { signals, changes: changes! };
}

const times = <T>(count: number, make: (n: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => make(n));
/** What a domain controller of 10 GB changes: a hundred MiB, a hundred more at times, half of it stored. */
const usual = (n: number): Cycle => ({ bytes: (40 + ((n * 37) % 130)) * MIB, share: 0.4 + (n % 5) / 50 });

test('a VM that is encrypted is told at once, whichever way it shows', () => {
  const quiet = times(24, usual);
  expect(through([...quiet, { bytes: 12 * GIB, share: 0.99 }]).signals).toEqual([
    { n: 24, kind: 'incompressible' },
  ]);
  // Every quarter of an hour, from the first on.
  expect(through([...quiet, { after: 0.25, bytes: 6 * GIB, share: 1 }]).signals).toHaveLength(1);
  // Text that becomes other text, or is deleted and written over with anything.
  expect(through([...quiet, { bytes: 20 * GIB, share: 0.5 }]).signals).toEqual([
    { n: 24, kind: 'change-rate' },
  ]);
  // A small disk: a fifth of it.
  expect(through([...quiet, { bytes: 2 * GIB, share: 0.99 }], 10 * GIB).signals).toHaveLength(1);
  expect(through([...quiet, { bytes: 12 * GIB, share: 0.99 }, ...times(9, usual)]).signals).toHaveLength(1);
});

test('encryption beside the usual work of a server is told, from four times the usual on', () => {
  // As measured: files as they are on a server store 0.26 to 0.53 of what was read, encrypted ones all.
  const served = (n: number): Cycle => ({ bytes: 1024 * MIB, share: 0.26 + (n % 28) / 100 });
  const beside = (times: number): Cycle => ({
    bytes: times * 1024 * MIB,
    share: (times - 1 + 0.37) / times,
  });
  const quiet = times(24, served);
  expect(through([...quiet, beside(5)]).signals).toEqual([{ n: 24, kind: 'incompressible' }]);
  expect(through([...quiet, beside(3)]).signals).toEqual([]);
  // Any such cycle by itself, however much it is, tells nothing of the kind.
  for (const n of [0, 13, 27])
    expect(through([...quiet, { ...served(n), bytes: 40 * GIB }]).signals).toEqual([]);
});

test('what happens to every VM now and then is not told', () => {
  const month = times(24 * 30, usual);
  // Patches: what is fetched can't be compressed, what is made of it can.
  const patches: Cycle[] = [
    { bytes: 900 * MIB, share: 0.97 },
    { bytes: 4 * GIB, share: 0.55 },
    { bytes: 2 * GIB, share: 0.5 },
  ];
  expect(through([...month, ...patches, ...times(24 * 29, usual), ...patches]).signals).toEqual([]);
  // Before there is anything to compare with, and a VM that always writes what can't be compressed.
  expect(through([{ bytes: 60 * GIB, share: 1 }, ...times(6, usual)]).signals).toEqual([]);
  const media = times(50, n => ({ bytes: (n % 4) * GIB, share: 0.99 }));
  expect(through([...media, { bytes: 5 * GIB, share: 0.99 }]).signals).toEqual([]);
  // A nightly dump, once it was seen.
  const nightly = (n: number): Cycle => (n % 24 === 2 ? { bytes: 6 * GIB, share: 0.95 } : usual(n));
  expect(through(times(24 * 14, nightly)).signals.length).toBeLessThanOrEqual(1);
  // Three days without the repository: much at once, and no more an hour than ever.
  expect(through([...month, { after: 72, bytes: 3 * GIB, share: 0.45 }]).signals).toEqual([]);
});

test('the shares of real bytes lie far apart: text, programs, and either of them encrypted', async () => {
  const { readFile } = await import('node:fs/promises');
  const { createCipheriv } = await import('node:crypto');
  const share = (bytes: Buffer) => {
    let stored = 0;
    for (let at = 0; at + 65_536 <= bytes.length; at += 65_536)
      stored += compress(bytes.subarray(at, at + 65_536), 1).bytes.length;
    return stored / (bytes.length - (bytes.length % 65_536));
  };
  const program = (await readFile(process.execPath)).subarray(0, 16 * MIB);
  const text = Buffer.concat(times(200, () => Buffer.from(changesAfter.toString().repeat(40))));
  const encrypted = (bytes: Buffer) =>
    createCipheriv('aes-256-ctr', randomBytes(32), randomBytes(16)).update(bytes);
  expect(share(program)).toBeLessThan(0.75);
  expect(share(text)).toBeLessThan(0.5);
  expect(share(encrypted(program))).toBeGreaterThan(0.99);
  expect(share(encrypted(text))).toBeGreaterThan(0.99);
});

const cycles = fc.array(
  fc.record({
    after: fc.double({ min: 0, max: 100, noNaN: true }),
    bytes: fc.integer({ min: 0, max: 200 * GIB }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { maxLength: 120 },
);

test('whatever happened: little is never told, what is remembered is bounded, and the same is told once', () => {
  fc.assert(
    fc.property(cycles, past => {
      const small = past.map(one => ({ ...one, bytes: one.bytes % (256 * MIB) }));
      expect(through(small, 5 * GIB).signals).toEqual([]);
      const { changes } = through(past);
      expect(changes?.recent.length ?? 0).toBeLessThanOrEqual(32);
      expect(changes?.days.length ?? 0).toBeLessThanOrEqual(40);
      const twice = through([...past, { bytes: 90 * GIB, share: 1 }, { bytes: 90 * GIB, share: 1 }]);
      expect(twice.signals.some(({ n }) => n === past.length + 1)).toBe(false);
    }),
    { examples: [[[]]] },
  );
});
