import { CreateScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { expect, onTestFinished, test } from 'vitest';
import { cleanUp } from '../../src/recovery/failover/cleanup.ts';
import { rehearse } from '../../src/recovery/failover/rehearse.ts';
import { standing } from '../../src/recovery/failover/standing.ts';
import { RUN_TAG } from '../../src/recovery/model/machines.ts';
import { runTags } from '../../src/recovery/run/names.ts';
import { expiresOf } from '../../src/recovery/run/run.ts';
import { pinned } from '../../src/replication/retention/pins.ts';
import { begun, hour, killedBefore, role } from './begun.ts';
import { unhurried } from './fixture.ts';

type World = Awaited<ReturnType<typeof begun>>;

/** Sets the lab's clock ahead, and tells what it is by then. */
async function later({ lab }: World, ms: number) {
  await lab.command({ do: 'clock', offset: ms });
  return { ...unhurried, now: () => Date.now() + ms };
}

const live = async ({ all }: World) => (await all()).filter(({ State }) => State!.Name === 'running');

test('the entry is there before anything is launched, and ends what has the tag by then', async () => {
  const world = await begun();
  await expect(rehearse(await world.at(killedBefore('register-web01')))).rejects.toThrow('killed');
  expect(await world.all()).toEqual([]);
  const { run } = await world.at();
  const { schedules, fires } = await standing(world.repository, run, world.recovery);
  expect(schedules).toEqual([expect.stringMatching(/^converge-[0-9a-f]{8}-[0-9a-f]{16}-1-0$/)]);
  expect(fires).toBe(Math.floor(expiresOf(run)! / 1000) * 1000);

  await rehearse(await world.at());
  await later(world, hour - 60_000);
  expect(await live(world)).toHaveLength(1);
  const clock = await later(world, hour + 60_000);
  expect(await live(world)).toEqual([]);
  // The image is still there; it, and that nothing else is, is the clean-up's.
  const counted = await cleanUp({ ...(await world.at()), clock });
  expect(counted).toEqual({ instances: 0, images: 1, groups: 0, schedules: 0, foreign: [] });
  expect(await standing(world.repository, (await world.at()).run, world.recovery)).toEqual({
    instances: [],
    images: [],
    imports: [],
    uploads: [],
    volumes: [],
    loose: [],
    snapshots: [],
    groups: [],
    schedules: [],
    foreign: [],
  });
});

test('a lost answer makes no second entry', async () => {
  const world = await begun();
  await expect(rehearse(await world.at(killedBefore('scheduled')))).rejects.toThrow('killed');
  await rehearse(await world.at());
  const { run } = await world.at();
  expect((await standing(world.repository, run, world.recovery)).schedules).toHaveLength(1);
  expect(run.steps.filter(({ what }) => what === 'scheduled')).toHaveLength(1);
});

test('an entry of that name that ends something else: refused, and left alone by the clean-up', async () => {
  const world = await begun();
  await expect(rehearse(await world.at(killedBefore('scheduled')))).rejects.toThrow('killed');
  const { run } = await world.at();
  const [name] = (await standing(world.repository, run, world.recovery)).schedules;
  await world.recovery.teardown.remove(name!);
  const tag = { key: 'converge:run', value: 'somebody-else' };
  const at = Date.now() + hour;
  expect(await world.recovery.teardown.create({ name: name!, at, role, tag, token: 'theirs' })).toBe(true);
  await expect(rehearse(await world.at())).rejects.toThrow(/ends something else/);
  expect(await world.all()).toEqual([]);
  expect(await cleanUp(await world.at())).toMatchObject({ schedules: 0, foreign: [name] });
  expect(await world.recovery.teardown.list(name!)).toHaveLength(1);
});

test('an entry of that name that does something else is foreign, though it names the run’s tag', async () => {
  const world = await begun();
  await expect(rehearse(await world.at(killedBefore('scheduled')))).rejects.toThrow('killed');
  const { run } = await world.at();
  const [Name] = (await standing(world.repository, run, world.recovery)).schedules;
  await world.recovery.teardown.remove(Name!);
  const { region, s3: credentials } = world.lab.settings;
  const scheduler = new SchedulerClient({ region, credentials, endpoint: world.lab.api.url });
  onTestFinished(() => scheduler.destroy());
  const Values = [runTags(world.repository.id, run.start)[RUN_TAG]!];
  await scheduler.send(
    new CreateScheduleCommand({
      Name,
      ScheduleExpression: 'at(2099-01-01T00:00:00)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Arn: 'arn:aws:scheduler:::aws-sdk:ec2:terminateInstances',
        RoleArn: role,
        Input: JSON.stringify({ Targets: [{ Key: `tag:${RUN_TAG}`, Values }] }),
      },
    }),
  );
  expect(await standing(world.repository, run, world.recovery)).toMatchObject({
    schedules: [],
    foreign: [Name],
  });
});

test('an entry that somebody makes while all is removed is told, and the pins stay', async () => {
  const world = await begun();
  await rehearse(await world.at());
  const { run } = await world.at();
  const [name] = (await standing(world.repository, run, world.recovery)).schedules;
  const another = name!.replace(/0$/, '1');
  const step = async (of: string) => {
    if (of !== 'unschedule') return;
    const tag = { key: RUN_TAG, value: runTags(world.repository.id, run.start)[RUN_TAG]! };
    await world.recovery.teardown.create({ name: another, at: expiresOf(run)!, role, tag, token: 'later' });
  };
  await expect(cleanUp(await world.at(step))).rejects.toMatchObject({
    diagnostics: [{ code: 'left-behind', message: expect.stringContaining(another) }],
  });
  expect(await pinned(world.repository)).toHaveLength(1);
  // Both: what the clean-up before removed is counted too.
  expect(await cleanUp(await world.at())).toMatchObject({ schedules: 2 });
});

test('`none` makes no entry, and is a run like any other', async () => {
  const world = await begun();
  const options = await world.at();
  delete options.run.start.teardown;
  await rehearse(options);
  expect(await world.recovery.teardown.list('converge-')).toEqual([]);
  expect(await cleanUp(options)).toMatchObject({ instances: 1, schedules: 0 });
});

test('a run whose time is over launches nothing', async () => {
  const world = await begun();
  const clock = await later(world, 2 * hour);
  await expect(rehearse({ ...(await world.at()), clock })).rejects.toThrow(/was to be over by/);
  expect(await world.all()).toEqual([]);
  expect(await world.recovery.teardown.list('converge-')).toEqual([]);
});
