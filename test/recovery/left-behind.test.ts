import { expect, test } from 'vitest';
import { Failure } from '../../src/diagnostics/diagnostic.ts';
import { evidenceOf } from '../../src/recovery/evidence/evidence.ts';
import { evidencePage } from '../../src/recovery/evidence/evidence-page.ts';
import { cleanUp } from '../../src/recovery/failover/cleanup.ts';
import { rehearse } from '../../src/recovery/failover/rehearse.ts';
import { standing } from '../../src/recovery/failover/standing.ts';
import { stateOf } from '../../src/recovery/run/run.ts';
import { pinned } from '../../src/replication/retention/pins.ts';
import { begun } from './begun.ts';

type World = Awaited<ReturnType<typeof begun>>;
type Fault = (rule: object) => Promise<unknown>;

/** A test of two machines that stands, and what it takes to have EC2 refuse. */
async function standingTest() {
  const world = await begun({}, ['web01', 'db01']);
  await rehearse(await world.at());
  const ec2: Fault = rule => world.lab.command({ do: 'fault', on: 'ec2', rule: { ...rule } as never });
  const found = async () => standing(world.repository, (await world.at()).run, world.recovery);
  return { world, ec2, found, before: await found() };
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Failure);
  return error as Failure;
}

/** What holds of each clean-up that couldn't remove all, and that the next one does. */
async function isSaidAndFinished(
  { world, ec2, found, before }: Awaited<ReturnType<typeof standingTest>>,
  failure: Failure,
  left: string[],
) {
  const [said, ...causes] = failure.diagnostics;
  expect(said).toMatchObject({ code: 'left-behind', category: 'world' });
  for (const id of left) expect(said!.message).toContain(id);
  for (const id of [...before.instances, ...before.images].filter(one => !left.includes(one)))
    expect(said!.message).not.toContain(id);
  expect(said!.hint).toContain('converge failover cleanup web PATHS');
  // Whatever is left, something else still ends it, and its points are still there.
  const now = await found();
  expect(now.schedules).toEqual(before.schedules);
  expect(said!.hint).toContain(now.instances.length > 0 ? 'EventBridge Scheduler ends its instances at' : '');
  expect(await pinned(world.repository)).toHaveLength(2);
  const { run } = await world.at();
  expect(stateOf(run)).toBe('standing');
  const evidence = evidenceOf(run);
  expect(evidence.left!.things.map(({ id }) => id)).toEqual(expect.arrayContaining(left));
  const page = evidencePage(evidence, new Map());
  for (const id of left) expect(page.split('What is left of it')[1]).toContain(id);

  await ec2({ kind: 'clear' });
  const done = await cleanUp(await world.at());
  expect(done).toMatchObject({ instances: 2, images: 2, schedules: 1, foreign: [] });
  expect(evidenceOf((await world.at()).run).left).toBeUndefined();
  expect(await pinned(world.repository)).toEqual([]);
  return causes;
}

test.for<
  [
    string,
    string,
    (before: World extends never ? never : { instances: string[]; images: string[] }) => string[],
    RegExp,
  ]
>([
  [
    'TerminateInstances',
    'access-denied',
    ({ instances }) => instances,
    /it costs \$0\.192 an hour for what runs/,
  ],
  ['DeregisterImage', 'access-denied', ({ images }) => images, /it costs \$0\.05 a month for each GiB/],
])(
  '%s is forbidden (403): all else goes, and what is left is said with what it costs',
  async ([operation, kind, which, cost]) => {
    const it = await standingTest();
    await it.ec2({ kind, operation, times: 1000 });
    const failure = await failureOf(cleanUp(await it.world.at()));
    expect(failure.diagnostics[0]!.message).toMatch(cost);
    const causes = await isSaidAndFinished(it, failure, which(it.before));
    expect(causes.map(({ code }) => code)).toContain('aws-access-denied');
    expect(causes[0]!.message).toContain(`ec2:${operation}`);
  },
);

test('one instance is protected from being ended: the other one ends, and EC2’s own reason is told', async () => {
  const it = await standingTest();
  const [protectedOne] = it.before.instances;
  const { machines } = it.world.recovery;
  const cloud = {
    ...it.world.recovery,
    machines: {
      ...machines,
      // EC2 refuses the whole call where one is protected. Source: API reference, TerminateInstances.
      async terminate(ids: readonly string[]) {
        if (ids.includes(protectedOne!))
          await it.ec2({
            kind: 'refused',
            operation: 'TerminateInstances',
            code: 'OperationNotPermitted',
            message: `The instance '${protectedOne}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`,
          });
        await machines.terminate([...ids]);
      },
    },
  };
  const failure = await failureOf(cleanUp({ ...(await it.world.at()), cloud }));
  expect(failure.diagnostics[0]!.message).toContain('it costs $0.096 an hour');
  const causes = await isSaidAndFinished(it, failure, [protectedOne!]);
  expect(causes.map(({ message }) => message)).toEqual([expect.stringContaining('disableApiTermination')]);
});

test('throttled for ten minutes: nothing more is asked, the cause is said once, and the next one finishes', async () => {
  const it = await standingTest();
  await it.ec2({ kind: 'throttled', operation: 'TerminateInstances', times: 100_000 });
  const failure = await failureOf(cleanUp(await it.world.at()));
  const causes = await isSaidAndFinished(it, failure, [...it.before.instances, ...it.before.images]);
  expect(causes.map(({ code }) => code)).toEqual(['aws-throttled']);
});

test('instances that EC2 shows after it took the call are asked for once more, and then they go', async () => {
  const it = await standingTest();
  const { machines } = it.world.recovery;
  let asked = 0;
  const terminate = async (ids: string[]) => {
    if (++asked > 1) await machines.terminate(ids);
  };
  const cloud = { ...it.world.recovery, machines: { ...machines, terminate } };
  expect(await cleanUp({ ...(await it.world.at()), cloud })).toMatchObject({ instances: 2, images: 2 });
  expect(asked).toBe(2);
});

test('instances that stay whatever EC2 is asked: after ten minutes that is said, and no reason is made up', async () => {
  const it = await standingTest();
  const { machines } = it.world.recovery;
  const cloud = { ...it.world.recovery, machines: { ...machines, terminate: async () => {} } };
  const failure = await failureOf(cleanUp({ ...(await it.world.at()), cloud }));
  const [first] = it.before.instances;
  expect(failure.diagnostics[0]!.hint).toContain(`AWS still shows ${first}`);
  expect(await isSaidAndFinished(it, failure, it.before.instances)).toEqual([]);
});

test('the entry alone can’t be removed: nothing of it is billed, and the pins stay until it is gone', async () => {
  const it = await standingTest();
  const { teardown } = it.world.recovery;
  const [name] = it.before.schedules;
  const refuse = async () => {
    await it.world.recovery.teardown.list('converge-');
    throw new Failure({
      code: 'aws-access-denied',
      category: 'world',
      message: `EventBridge Scheduler did not allow scheduler:DeleteSchedule on ${name}.`,
    } as never);
  };
  const cloud = { ...it.world.recovery, teardown: { ...teardown, remove: refuse } };
  const failure = await failureOf(cleanUp({ ...(await it.world.at()), cloud }));
  expect(failure.diagnostics[0]!.message).toBe(
    `of the test of web there is still: tear-down entry ${name}; nothing of it is billed`,
  );
  expect(failure.diagnostics[1]!.message).toContain('scheduler:DeleteSchedule');
  const { instances, schedules } = await it.found();
  expect([instances, schedules]).toEqual([[], [name]]);
  expect(await pinned(it.world.repository)).toHaveLength(2);
  expect(await cleanUp(await it.world.at())).toMatchObject({ schedules: 1 });
});
