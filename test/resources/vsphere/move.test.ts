import { expect, test } from 'vitest';
import { Failure, world } from '../../../src/diagnostics/diagnostic.ts';
import type { WriteIo } from '../../../src/engine/model/io.ts';
import type { CycleResult } from '../../../src/replication/cycle/options.ts';
import { move, type PreparedJob } from '../../../src/resources/vsphere/replicate.ts';

const result = { point: { vm: { uuid: 'a' }, generation: 4 }, warnings: [] } as unknown as CycleResult;
const prepared = { job: { repository: 'r' }, cycle: {}, ref: {} } as unknown as PreparedJob;

const ioWith = (note: () => Promise<void>) =>
  ({
    client: async (kind: string) => (kind === 'movers' ? { move: async () => result } : { known: { note } }),
  }) as unknown as WriteIo;

test('a point that was made counts, also where the state folder takes nothing more: that is a warning', async () => {
  const full = async () => {
    throw new Failure(world('disk-full', 'the disk is full'));
  };
  const made = await move(prepared, ioWith(full));
  expect(made.point).toBe(result.point);
  expect(made.warnings).toMatchObject([{ code: 'disk-full', severity: 'warning' }]);
  expect(
    await move(
      prepared,
      ioWith(async () => {}),
    ),
  ).toBe(result);
});
