import { expect, test } from 'vitest';
import { cleanUp } from '../../src/recovery/failover/cleanup.ts';
import { standing } from '../../src/recovery/failover/standing.ts';
import { commit, takeOver, undo } from '../../src/recovery/failover/take-over.ts';
import { stateOf } from '../../src/recovery/run/run.ts';
import { suspend } from '../../src/replication/model/pauses.ts';
import { pinned } from '../../src/replication/retention/pins.ts';
import { VM } from '../support/repository.ts';
import { killedBefore } from './begun.ts';
import { real } from './taken-over.ts';

/** In no network but its own, with disks that outlive it, and alone. */
async function expectTakenOver({ live, held, network }: Awaited<ReturnType<typeof real>>) {
  const there = await live();
  expect(there).toHaveLength(1);
  expect(there[0]!.SecurityGroups).toEqual([expect.objectContaining({ GroupId: network.group })]);
  expect(there[0]!.IamInstanceProfile).toBeDefined();
  expect(there[0]!.BlockDeviceMappings!.map(({ Ebs }) => Ebs!.DeleteOnTermination)).toEqual([false]);
  expect(await held()).toMatchObject({ by: 'web/1' });
}

test.for([
  'suspend',
  'fence',
  'register-web01',
  'run-web01',
  'launched-web01',
  'groups-web01',
  'profile-web01',
  'swapped-web01',
  'probed-web01',
  'finish',
])(
  'killed before %s, the same goes on: one machine, and nothing is launched before cycles end',
  async step => {
    const world = await real();
    await expect(takeOver(await world.at(killedBefore(step)))).rejects.toThrow('killed');
    if ((await world.live()).length > 0) expect(await world.held()).toBeDefined();
    await takeOver(await world.at());
    await expectTakenOver(world);
    expect(stateOf((await world.at()).run)).toBe('standing');
  },
);

test.for(['undo', 'terminate', 'deregister', 'delete-volume', 'unsuspend', 'lift', 'cleaned'])(
  'undone and killed before %s: replication is only let go on when nothing is there any more',
  async step => {
    const world = await real();
    await takeOver(await world.at());
    await expect(undoing(world, killedBefore(step))).rejects.toThrow('killed');
    if ((await world.live()).length > 0) expect(await world.held()).toBeDefined();
    const { cleaned } = await undoing(world);
    expect(cleaned.foreign).toEqual([]);
    expect(await world.live()).toEqual([]);
    expect(await world.held()).toBeUndefined();
    expect(await pinned(world.repository)).toEqual([]);
    const { run } = await world.at();
    expect(stateOf(run)).toBe('cleaned');
    expect(await standing(world.repository, run, world.recovery)).toMatchObject({ volumes: [], images: [] });
  },
);

async function undoing(world: Awaited<ReturnType<typeof real>>, step?: (name: string) => Promise<void>) {
  const options = await world.at(step);
  return { cleaned: await undo({ ...options, cloud: world.recovery }) };
}

test.for(['commit', 'settle'])('committed and killed before %s, the next commit ends it', async step => {
  const world = await real();
  await takeOver(await world.at());
  await expect(commit(await world.at(killedBefore(step)))).rejects.toThrow('killed');
  await commit(await world.at());
  await commit(await world.at());
  expect(stateOf((await world.at()).run)).toBe('committed');
  expect(await world.held()).toMatchObject({ by: 'web/1', committed: expect.any(Number) });
  await expectTakenOver(world);
  // What it was launched from stays.
  expect(await pinned(world.repository)).toHaveLength(1);
});

test('of a commit and an undo at once, one is refused', async () => {
  const world = await real();
  await takeOver(await world.at());
  const late = await world.at();
  await commit(await world.at());
  await expect(undo({ ...late, cloud: world.recovery })).rejects.toThrow('somebody else is at the failover');
  await expectTakenOver(world);
});

test('undone by somebody else while it is launched: what comes too late is ended, in no network', async () => {
  const world = await real();
  const seen: string[] = [];
  const step = async (name: string) => {
    seen.push(name);
    if (name === 'register-web01') await undoing(world);
  };
  await expect(takeOver(await world.at(step))).rejects.toThrow('somebody else is at the failover');
  expect((await world.all()).map(({ State }) => State!.Name)).toEqual(['terminated']);
  expect(seen).not.toContain('groups-web01');
  const { run } = await world.at();
  const nothing = { instances: [], images: [], volumes: [], foreign: [] };
  expect(await standing(world.repository, run, world.recovery)).toMatchObject(nothing);
  expect(await world.held()).toBeUndefined();
});

test('another run has taken over from the VM: nothing is launched', async () => {
  const world = await real();
  await suspend(world.repository, 'all/4', [{ uuid: VM.uuid, name: 'web01' }], 1);
  await expect(takeOver(await world.at())).rejects.toThrow('web01 runs in AWS since the failover all/4');
  expect(await world.all()).toEqual([]);
  await undoing(world);
  expect(await world.held()).toMatchObject({ by: 'all/4' });
});

test('a quarantine that is open: nothing is launched', async () => {
  const world = await real();
  const rule = { egress: false, protocol: 'tcp', from: 22, to: 22, peer: '0.0.0.0/0' };
  await world.recovery.groups.allow(world.quarantine, [rule]);
  await expect(takeOver(await world.at())).rejects.toThrow('lets something in or out');
  expect(await world.all()).toEqual([]);
});

test('cleaned up as a test is, its disks are gone too', async () => {
  const world = await real();
  await takeOver(await world.at());
  const options = await world.at();
  await cleanUp({ ...options, cloud: world.recovery });
  expect(await world.recovery.volumes.list({})).toEqual([]);
});
