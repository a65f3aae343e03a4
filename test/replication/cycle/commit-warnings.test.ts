import { expect, test } from 'vitest';
import { Failure, world } from '../../../src/diagnostics/diagnostic.ts';
import { CycleWorld, KiB } from '../../support/cycles.ts';

test('a cycle whose point is complete succeeds with a warning when the store goes away after it', async () => {
  const cycles = new CycleWorld(64 * KiB);
  await cycles.run();
  cycles.disk.write(0, Buffer.from('y'));
  cycles.store.before = call => {
    if (call.name === 'put' && call.key.includes('/points/000000000002-'))
      throw new Failure(world('aws-unreachable', 'S3 could not be reached'));
  };
  const { point, warnings } = await cycles.run();
  cycles.store.before = undefined;
  expect(warnings).toMatchObject([
    { severity: 'warning', message: expect.stringMatching(/is complete.*S3 could not be reached/) },
  ]);
  expect((await cycles.points()).at(-1)).toEqual(point);
});
