import { expect, test } from 'vitest';
import { failedOf, keptOf, tryAgain } from '../../src/recovery/failover/attempts.ts';
import { cleanUp } from '../../src/recovery/failover/cleanup.ts';
import type { RehearseOptions } from '../../src/recovery/failover/options.ts';
import { rehearse } from '../../src/recovery/failover/rehearse.ts';
import { standing } from '../../src/recovery/failover/standing.ts';
import { note } from '../../src/recovery/run/keep.ts';
import { stateOf } from '../../src/recovery/run/run.ts';
import { begun, killedBefore } from './begun.ts';

const wants = (text: string) => [{ kind: 'console' as const, text, within: 0 }];
const well = [{ kind: 'status' as const, within: 60_000 }];

/** Both in one group: the first passes, the second never does. */
async function halfFailed() {
  const world = await begun({ probes: { web01: well, db01: wants('login:') } }, ['web01', 'db01']);
  const recovered = await rehearse(await world.at());
  expect(recovered.map(({ results }) => results[0]!.outcome)).toEqual(['passed', 'failed']);
  return { world, passed: recovered[0]!.instance, failed: recovered[1]!.instance };
}

async function retry(options: RehearseOptions, anew = false) {
  const again = await failedOf(options, anew);
  await tryAgain(options, again, options);
  return { again, recovered: await rehearse(options) };
}

/** What db01 has to say from now on is what it says. */
const mended = (options: RehearseOptions): RehearseOptions => {
  options.run.start.probes.db01 = well;
  return options;
};

const live = async (world: Awaited<ReturnType<typeof begun>>) =>
  (await world.all())
    .filter(({ State }) => State!.Name === 'running')
    .map(({ InstanceId }) => InstanceId)
    .sort();

test('what failed is probed again where it runs; what passed is left alone', async () => {
  const { world, passed, failed } = await halfFailed();
  const { again, recovered } = await retry(mended(await world.at()));
  expect(again).toEqual([{ vm: 'db01', why: 'console says "login:": failed', anew: false }]);
  expect(recovered).toMatchObject([
    { vm: 'web01', instance: passed, kept: true },
    { vm: 'db01', instance: failed, results: [{ outcome: 'passed' }] },
  ]);
  expect(await live(world)).toEqual([passed, failed].sort());
  const { run } = await world.at();
  expect(stateOf(run)).toBe('standing');
  expect(run.steps.at(-1)).toMatchObject({ what: 'finished', ok: true });
  // The passed one was not asked again.
  expect(run.steps.filter(step => step.what === 'probed' && step.vm === 'web01')).toHaveLength(1);
});

test('anew: the failed instance is ended and another one launched, once', async () => {
  const { world, passed, failed } = await halfFailed();
  const { again, recovered } = await retry(mended(await world.at()), true);
  expect(again).toMatchObject([{ vm: 'db01', anew: true }]);
  const [, db] = recovered;
  expect(db!.instance).not.toBe(failed);
  expect(await live(world)).toEqual([passed, db!.instance].sort());
  expect(await cleanUp(await world.at())).toMatchObject({ instances: 2, images: 2, schedules: 1 });
});

test('one that somebody ended is launched under the next attempt', async () => {
  const { world, passed, failed } = await halfFailed();
  await world.machines.terminate([failed, passed]);
  const { again, recovered } = await retry(mended(await world.at()));
  expect(again.map(({ vm, anew }) => [vm, anew])).toEqual([
    ['web01', true],
    ['db01', true],
  ]);
  const now = recovered.map(({ instance }) => instance);
  expect(now).not.toContain(failed);
  expect(await live(world)).toEqual(now.sort());
});

test('one that was refused is asked for again, the others of its group stay', async () => {
  const world = await begun({}, ['web01', 'db01']);
  const options = await world.at();
  const [first, second] = options.run.start.groups;
  options.run.start.groups = [{ machines: [...first!.machines, ...second!.machines], wait: 0 }];
  const real = options.cloud.machines;
  const refusing = {
    ...real,
    run: (wanted: Parameters<typeof real.run>[0]) =>
      wanted.tags.Name?.startsWith('db01') ? real.run({ ...wanted, type: 'no.such' }) : real.run(wanted),
  };
  await expect(rehearse({ ...options, cloud: { ...options.cloud, machines: refusing } })).rejects.toThrow();
  const [web] = await live(world);
  // It was launched, and is on record.
  expect(options.run.steps).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ what: 'launched', vm: 'web01', instance: web }),
      expect.objectContaining({ what: 'probed', vm: 'web01' }),
      expect.objectContaining({ what: 'refused', vm: 'db01' }),
    ]),
  );
  const { again, recovered } = await retry(options);
  expect(again).toMatchObject([{ vm: 'db01', anew: false }]);
  expect(recovered).toMatchObject([{ instance: web, kept: true }, { vm: 'db01' }]);
  expect(await live(world)).toHaveLength(2);
});

test.for(['retry', 'end-superseded', 'schedule', 'scheduled', 'unschedule', 'run-db01', 'probed-db01'])(
  'killed before %s of a second try, the next run ends it: one instance per machine',
  async step => {
    const { world, passed } = await halfFailed();
    await expect(retry(mended(await world.at(killedBefore(step))), true)).rejects.toThrow('killed');
    const options = mended(await world.at());
    const recovered =
      stateOf(options.run) === 'running' ? await rehearse(options) : (await retry(options, true)).recovered;
    expect(recovered[0]).toMatchObject({ instance: passed, kept: true });
    expect(await live(world)).toEqual(recovered.map(({ instance }) => instance).sort());
    const { run } = await world.at();
    expect((await standing(world.repository, run, world.recovery)).schedules).toHaveLength(1);
    expect(await cleanUp(await world.at())).toMatchObject({ instances: 2, schedules: 1 });
  },
);

test('of two operators who try again at once, one is told so', async () => {
  const { world } = await halfFailed();
  const [one, other] = [mended(await world.at()), mended(await world.at())];
  const results = await Promise.allSettled([one, other].map(options => retry(options, true)));
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const { reason } = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
  expect(reason).toMatchObject({ diagnostics: [{ code: 'failover-begun', category: 'blocked' }] });
  expect(await live(world)).toHaveLength(2);
});

test('what passed under an attempt that was given up since is not kept', async () => {
  const { world, passed } = await halfFailed();
  const options = await world.at();
  const [machine] = options.run.start.groups[0]!.machines;
  expect(await keptOf(machine!, options)).toMatchObject({ instance: passed });
  await tryAgain(options, [{ vm: 'web01', why: 'asked for', anew: true }], options);
  expect(await keptOf(machine!, options)).toBeUndefined();
});

test('of many who write a step down at once, each is on record', async () => {
  const world = await begun();
  const all = await Promise.all(Array.from({ length: 4 }, () => world.at()));
  const names = all.map((_, n) => `entry-${n}`);
  await Promise.all(
    all.map(({ repository, run }, n) =>
      note(repository, run, { at: n, what: 'scheduled', name: names[n]!, fires: 1 }),
    ),
  );
  const { run } = await world.at();
  expect(run.steps.map(step => step.what === 'scheduled' && step.name).sort()).toEqual(names);
});

test('a foreign instance with the tag is neither kept nor ended', async () => {
  const { world } = await halfFailed();
  const made = await world.machines.run({
    image: (await world.all())[0]!.ImageId!,
    type: 'm6i.large',
    subnet: world.network.subnet,
    groups: [world.network.group],
    token: 'theirs',
    tags: { 'converge:run': `${world.repository.id.slice(0, 8)}/web/1` },
  });
  const theirs = 'instance' in made ? made.instance : '';
  await retry(mended(await world.at()), true);
  expect(await live(world)).toContain(theirs);
});
