import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changedExtents as pages } from '../../../src/replication/extents/changed-extents.ts';
import { normaliseExtents } from '../../../src/replication/extents/normalise.ts';
import type { ChangedAreas, Extent, SourceMachine } from '../../../src/replication/model/source.ts';
import { FakeDisk, FakeMachine } from '../../support/fake-machine.ts';
import { SteppedClock } from '../../support/stepped-clock.ts';

const snapshot = { moref: 's', name: 's', created: 0, quiesced: false };
const disk = { key: 2000, index: 0, label: 'Hard disk 1', identity: 'x', capacity: 10_240 };

async function changedExtents(...of: Parameters<typeof pages>) {
  const all: Extent[] = [];
  for await (const extents of pages(...of)) all.push(...extents);
  return normaliseExtents(all, of[2].capacity);
}

/** A machine that gives these answers, one after the other, and notes what it was asked. */
function answering(...pages: ChangedAreas[]) {
  const asked: number[] = [];
  const changedAreas: SourceMachine['changedAreas'] = async (_snapshot, _disk, startOffset) => {
    asked.push(startOffset);
    const page = pages.shift();
    if (page === undefined) throw new Error('asked once too often');
    return page;
  };
  return { asked, machine: { changedAreas } as unknown as SourceMachine };
}

const page = (startOffset: number, length: number, ...areas: [number, number][]): ChangedAreas => ({
  startOffset,
  length,
  areas: areas.map(([start, size]) => ({ start, length: size })),
});

describe('changedExtents', () => {
  test('asks on after an empty answer, until the capacity, and never at it', async () => {
    const { machine, asked } = answering(
      page(0, 4096),
      page(4096, 2048, [4096, 512]),
      page(6144, 4096, [9728, 512]),
    );
    expect(await changedExtents(machine, snapshot, disk, 'id')).toEqual([
      { start: 4096, length: 512 },
      { start: 9728, length: 512 },
    ]);
    expect(asked).toEqual([0, 4096, 6144]);
  });

  test('an area that two answers share is one', async () => {
    const { machine } = answering(page(0, 4096, [3584, 512]), page(4096, 6144, [4096, 1024]));
    expect(await changedExtents(machine, snapshot, disk, 'id')).toEqual([{ start: 3584, length: 1536 }]);
  });

  test.each([
    ['no progress', page(0, 0)],
    ['going back', page(0, -512)],
    ['another beginning', page(512, 1024)],
    ['no number', page(0, Number.NaN)],
  ])('refuses %s', async (_what, answer) => {
    const { machine } = answering(answer);
    await expect(changedExtents(machine, snapshot, disk, 'id')).rejects.toMatchObject({
      diagnostics: [{ code: 'changed-areas-stuck', category: 'world' }],
    });
  });

  test('a disk of no bytes is never asked about', async () => {
    const { machine, asked } = answering();
    expect(await changedExtents(machine, snapshot, { ...disk, capacity: 0 }, 'id')).toEqual([]);
    expect(asked).toEqual([]);
  });

  test('finds every write of a random history, however the answers are cut', async () => {
    const size = 64 * 1024;
    const write = fc.record({ start: fc.nat(size - 1), length: fc.integer({ min: 1, max: 9000 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(write, { maxLength: 20 }),
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom(512, 3 * 512, size),
        fc.constantFrom(1, 4096),
        async (writes, pageAreas, pageSpan, granularity) => {
          const machine = new FakeMachine(new SteppedClock(), [new FakeDisk(2000, size)]);
          Object.assign(machine, { pageAreas, pageSpan, granularity });
          const live = machine.disks[0]!;
          live.write(0, Buffer.from('before the first snapshot'));
          const first = await machine.createSnapshot({ name: 'a', quiesce: false });
          const { changeId } = (await machine.frozen(first)).disks[0]!;
          for (const { start, length } of writes) live.write(start, Buffer.alloc(length, 1));
          const second = await machine.createSnapshot({ name: 'b', quiesce: false });
          live.write(0, Buffer.from('after the second'));
          const frozen = (await machine.frozen(second)).disks[0]!;
          const found = await changedExtents(machine, second, frozen, changeId!);
          const covered = (byte: number) => found.some(e => byte >= e.start && byte < e.start + e.length);
          for (const { start, length } of writes)
            for (let byte = start; byte < Math.min(start + length, size); byte += 97)
              expect(covered(byte)).toBe(true);
          if (writes.length === 0) expect(found).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });
});
