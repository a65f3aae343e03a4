import { expect, test } from 'vitest';
import { Failure } from '../../../src/diagnostics/diagnostic.ts';
import { verify } from '../../../src/replication/verify/verify.ts';
import { CycleWorld, KiB } from '../../support/cycles.ts';
import { openTest } from '../../support/repository.ts';

test.each([
  ['empty', Buffer.alloc(0)],
  ['of nobody', Buffer.from('{"lease":1}')],
])(
  'a lease that is %s is waited for as long as somebody may have it, and then written anew',
  async (_, bytes) => {
    const world = new CycleWorld(256 * KiB);
    const before = await world.run();
    const key = world.key('/lease');
    world.store.objects.set(key, { bytes, modified: world.clock.now() });
    const refused = await world.run().catch(error => error);
    expect(refused).toBeInstanceOf(Failure);
    expect(refused.diagnostics).toMatchObject([{ code: 'lease-damaged', category: 'blocked' }]);
    expect(refused.message).toContain('run');
    await world.clock.advance(6 * 60_000);
    const { point } = await world.run();
    expect(point.generation).toBe(2);
    expect(point.epoch).toBeGreaterThan(before.point.epoch);
    const { problems } = await verify(await openTest(world.store, undefined, 'verifier'));
    expect(problems).toEqual([]);
  },
);
