import fc from 'fast-check';
import { expect, test } from 'vitest';
import { putBack, type Recorded, switchedIn, switchRecords } from '../../src/recovery/dns/switch.ts';
import { bringHome } from '../../src/recovery/failback/failback.ts';
import { commit, takeOver, undo } from '../../src/recovery/failover/take-over.ts';
import type { DnsCloud, DnsStep, PlannedRecord, RecordValue } from '../../src/recovery/model/dns.ts';
import { sameValue } from '../../src/recovery/model/dns.ts';
import { stateOf } from '../../src/recovery/run/run.ts';
import { bootBlock } from '../lab/ec2/fixture.ts';
import { aZone } from '../lab/ec2/zone.ts';
import { killedBefore } from './begun.ts';
import { CHANGE_ID, resting } from './resting.ts';
import { real } from './taken-over.ts';

const name = 'web.example.com';
const home: RecordValue = { ttl: 300, values: ['192.0.2.10'] };

/** A machine that takes over, whose name leads home. */
async function named() {
  const image = bootBlock();
  const world = await real({ image, disk: { changeId: CHANGE_ID } });
  const { dns } = world.recovery;
  const zone = await aZone(world.lab, 'example.com');
  await dns.upsert(zone, [{ zone, name, type: 'A', to: home }]);
  const planned: PlannedRecord[] = [
    { zone, name, type: 'A', ttl: 60, vm: 'web01', address: 'private' },
    { zone, name: 'new.example.com', type: 'CNAME', ttl: 60, literal: 'elsewhere.example.net' },
  ];
  const at = async (step?: (name: string) => Promise<void>) => {
    const options = await world.at(step);
    return { ...options, run: { ...options.run, start: { ...options.run.start, dns: planned } } };
  };
  const says = async (which = name) => (await dns.records(zone, which))[0]?.value;
  const there = async (): Promise<RecordValue> => ({
    ttl: 60,
    values: [(await world.live())[0]!.PrivateIpAddress!],
  });
  return { ...world, image, dns, zone, at, says, there };
}

test('taken over and undone, killed before each step: names lead to EC2, and home again', async () => {
  const world = await named();
  for (const step of ['dns-switching', `dns-${world.zone}`, 'dns-switched', 'finish']) {
    await expect(takeOver(await world.at(killedBefore(step))), step).rejects.toThrow('killed');
    expect(sameValue(await world.says(), home), step).toBe(!/switched|finish/.test(step));
    expect(stateOf((await world.at()).run)).toBe('running');
  }
  await takeOver(await world.at());
  expect(await world.says()).toEqual(await world.there());
  expect(await world.says('new.example.com')).toEqual({ ttl: 60, values: ['elsewhere.example.net'] });
  const { steps } = (await world.at()).run;
  expect(switchedIn(steps)).toMatchObject([{ name, old: home }, { name: 'new.example.com' }]);
  expect(switchedIn(steps)[1]).not.toHaveProperty('old');

  for (const step of ['undo', `dns-back-${name}`, 'dns-back-new.example.com', 'dns-back', 'terminate']) {
    await expect(
      undo({ ...(await world.at(killedBefore(step))), cloud: world.recovery }),
      step,
    ).rejects.toThrow('killed');
    // What runs is only ended when no name leads there.
    expect(await world.live()).toHaveLength(1);
  }
  expect([await world.says(), await world.says('new.example.com')]).toEqual([home, undefined]);
  await undo({ ...(await world.at()), cloud: world.recovery });
  const { run } = await world.at();
  expect(run.steps.filter(({ what }) => what === 'dns-back')).toHaveLength(1);
  expect(stateOf(run)).toBe('cleaned');
});

test('kept where it is committed; brought home, and killed before it leads there, the same goes on', async () => {
  const world = await named();
  await takeOver(await world.at());
  await commit(await world.at());
  expect(await world.says()).toEqual(await world.there());
  const machine = resting(world.image);
  const going = async (step?: (name: string) => Promise<void>) => {
    const options = await world.at(step);
    const [one] = options.run.start.groups[0]!.machines;
    return { ...options, cloud: world.recovery, machine: one!, point: world.point, home: machine };
  };
  await expect(bringHome(await going(killedBefore('dns-back')), { to: 'disk' })).rejects.toThrow('killed');
  expect(await world.held()).toBeDefined();
  // Somebody has put it elsewhere meanwhile.
  const to = { ttl: 60, values: ['198.51.100.7'] };
  await world.dns.upsert(world.zone, [{ zone: world.zone, name, type: 'A', to }]);
  const { records } = await bringHome(await going(), { to: 'disk' });
  expect(records).toMatchObject([
    { name, outcome: 'other', now: to },
    { name: 'new.example.com', outcome: 'back' },
  ]);
  expect(await world.says()).toEqual(to);
  expect(await world.held()).toBeUndefined();
});

test('a probe that failed: no name leads there; undone by somebody else meanwhile: nor does any', async () => {
  const world = await named();
  const options = await world.at();
  const failing = { console: [{ kind: 'console' as const, text: 'never', within: 1 }] };
  const start = { ...options.run.start, probes: { web01: failing.console } };
  await takeOver({ ...options, run: { ...options.run, start } });
  expect(await world.says()).toEqual(home);
  // Before anything is written down of its names, and right before the first of them is switched.
  for (const [at, other] of [
    ['dns-switching', world],
    ['dns-ZONE', await named()],
  ] as const) {
    const late = async (step: string) => {
      if (step === at.replace('ZONE', other.zone))
        await undo({ ...(await other.at()), cloud: other.recovery });
    };
    await expect(takeOver(await other.at(late))).rejects.toThrow('somebody else is at the failover');
    expect(await other.says(), at).toEqual(home);
  }
});

/** One record in memory, and a run's record of it. */
function inMemory(first: RecordValue | undefined) {
  const world = { now: first, steps: [] as DnsStep[], address: '10.0.1.10' };
  const dns: DnsCloud = {
    zone: async () => ({ id: 'Z1', name: 'example.com' }),
    records: async () => (world.now ? [{ type: 'A', value: world.now }] : []),
    async upsert(_, [record]) {
      world.now = record!.to;
    },
    async replace(_, was, to) {
      if (!sameValue(was, world.now)) return false;
      world.now = to;
      return true;
    },
  };
  const planned: PlannedRecord = { zone: 'Z1', name, type: 'A', ttl: 60, vm: 'web01' };
  const on = (dies: number) => {
    let count = 0;
    return {
      steps: world.steps as Recorded,
      dns,
      note: async (step: DnsStep) => void world.steps.push(step),
      async step() {
        if (count++ === dies) throw new Error('killed');
      },
    };
  };
  return {
    world,
    switched: (dies: number) => switchRecords([planned], async () => world.address, on(dies)).catch(() => {}),
    back: (dies: number) => putBack(() => true, on(dies)).catch(() => []),
  };
}

test('whatever is switched, killed, launched anew and changed by others: what others wrote last is never lost', async () => {
  const value = fc.constantFrom<RecordValue>(
    home,
    { ttl: 60, values: ['198.51.100.7'] },
    { ttl: 60, values: ['10.0.1.10'] },
  );
  const act = fc.oneof(
    fc.record({ do: fc.constant('switch' as const), dies: fc.integer({ min: 0, max: 4 }) }),
    fc.record({ do: fc.constant('back' as const), dies: fc.integer({ min: 0, max: 3 }) }),
    fc.record({ do: fc.constant('launch' as const), at: fc.integer({ min: 10, max: 12 }) }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.option(value, { nil: undefined }),
      fc.array(act, { maxLength: 8 }),
      async (first, acts) => {
        const { world, switched, back } = inMemory(first);
        for (const one of acts) {
          if (one.do === 'switch') await switched(one.dies);
          else if (one.do === 'back') await back(one.dies);
          else world.address = `10.0.1.${one.at}`;
        }
        await back(9);
        expect(sameValue(world.now, first)).toBe(true);
      },
    ),
  );
  const { world, switched, back } = inMemory(home);
  await switched(9);
  world.now = { ttl: 5, values: ['203.0.113.9'] };
  expect(await back(9)).toMatchObject([{ outcome: 'other', now: world.now }]);
  expect(world.now).toEqual({ ttl: 5, values: ['203.0.113.9'] });
});
