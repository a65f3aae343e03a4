import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CycleResult } from '../../../src/replication/cycle/options.ts';
import { CycleWorld, KiB } from '../../support/cycles.ts';
import { FakeDisk } from '../../support/fake-machine.ts';
import { restored } from '../../support/restored.ts';

const block = 64 * KiB;

/** A world in which a cycle has every step there is: tracking off, an orphan, disks to consolidate. */
async function eventful(): Promise<{ cycles: CycleWorld; first: CycleResult; before: Buffer[] }> {
  const cycles = new CycleWorld(4 * block, 2 * block + 512);
  for (const disk of cycles.machine.disks) disk.write(0, cycles.random.bytes(disk.content.length));
  const first = await cycles.run();
  const before = cycles.machine.disks.map(d => Buffer.from(d.content));
  await cycles.killedAt(2, 'gone', { quiesce: 'off' });
  cycles.machine.switchTrackingOff();
  cycles.machine.consolidationNeeded = true;
  cycles.machine.quiesces = false;
  cycles.machine.disks[0]!.write(block - 7, cycles.random.bytes(block));
  return { cycles, first, before };
}

describe('a cycle that dies at any step', async () => {
  const { cycles } = await eventful();
  const steps = await cycles.killedAt(Number.POSITIVE_INFINITY, 'error', { quiesce: 'prefer' });

  test('(the steps there are)', () => {
    expect(steps).toEqual([
      'take-lease',
      'remove-orphan-snapshot',
      'consolidate-before',
      'enable-change-tracking',
      'create-snapshot-quiesced',
      'create-snapshot',
      'copy-disk-0',
      'copy-disk-1',
      'pack',
      'pages',
      'index',
      'head',
      'point',
      'remove-snapshot',
      'release-lease',
    ]);
  });

  for (const how of ['error', 'gone'] as const)
    test.each(steps.map((step, at) => [step, at] as const))(
      `${how} at %s: the next one makes it good`,
      async (_step, at) => {
        const { cycles, first, before } = await eventful();
        expect(await cycles.killedAt(at, how, { quiesce: 'prefer' })).toContain(steps[at]);
        const removed = steps.indexOf('remove-snapshot');
        if (how === 'error' && at > 1 && at !== removed) expect(cycles.machine.snapshotNames).toEqual([]);

        cycles.machine.disks[1]!.write(100, cycles.random.bytes(300));
        const next = await cycles.run({ quiesce: 'prefer' });
        expect(cycles.machine.snapshotNames).toEqual([]);
        for (const [index, disk] of cycles.machine.disks.entries()) {
          expect((await restored(await cycles.repository(), next.point, index)).equals(disk.content)).toBe(
            true,
          );
          expect((await restored(await cycles.repository(), first.point, index)).equals(before[index]!)).toBe(
            true,
          );
        }
      },
    );
});

const size = fc.integer({ min: 1, max: 6 * 128 + 3 }).map(sectors => sectors * 512);
const event = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      at: fc.double({ min: 0, max: 0.999, noNaN: true }),
      length: fc.integer({ min: 1, max: 3 * block }),
      zero: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ kind: 'cycle' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('die' as const),
      at: fc.nat(9),
      how: fc.constantFrom('error' as const, 'gone' as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'reset' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'off' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('grow' as const), by: size }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('replace' as const), size }) },
);

test('any history of writes, resets, growth and deaths: every point is the disk at its snapshot', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(size, { minLength: 1, maxLength: 2 }),
      fc.array(event, { maxLength: 25 }),
      fc.record({
        granularity: fc.constantFrom(1, 512, block),
        pageAreas: fc.integer({ min: 1, max: 4 }),
        pageSpan: fc.constantFrom(Number.POSITIVE_INFINITY, 4096, block + 512),
      }),
      async (sizes, events, tracking) => {
        const cycles = new CycleWorld(...sizes);
        Object.assign(cycles.machine, tracking);
        const truths: { result: CycleResult; contents: Buffer[] }[] = [];
        for (const [i, happens] of [...events, { kind: 'cycle' as const }].entries()) {
          const { disks } = cycles.machine;
          const disk = disks[i % disks.length]!;
          if (happens.kind === 'write') {
            const offset = Math.floor(happens.at * disk.content.length);
            disk.write(
              offset,
              happens.zero ? Buffer.alloc(happens.length) : cycles.random.bytes(happens.length),
            );
          } else if (happens.kind === 'reset') cycles.machine.resetTracking();
          else if (happens.kind === 'off') cycles.machine.switchTrackingOff();
          else if (happens.kind === 'grow') disk.grow(disk.content.length + happens.by);
          else if (happens.kind === 'replace')
            disks[i % disks.length] = new FakeDisk(disk.key, happens.size, `replaced-${i}`);
          else if (happens.kind === 'die') await cycles.killedAt(happens.at, happens.how);
          else {
            const contents = disks.map(d => Buffer.from(d.content));
            truths.push({ result: await cycles.run(), contents });
            expect(cycles.machine.snapshotNames).toEqual([]);
          }
        }
        for (const { result, contents } of truths)
          for (const [index, content] of contents.entries())
            expect((await restored(await cycles.repository(), result.point, index)).equals(content)).toBe(
              true,
            );
      },
    ),
    { numRuns: 150 },
  );
});
