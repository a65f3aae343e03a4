import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateVolumeCommand } from '@aws-sdk/client-ec2';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Failure } from '../../src/diagnostics/diagnostic.ts';
import { cover } from '../../src/recovery/cover/cover.ts';
import { bringHome } from '../../src/recovery/failback/failback.ts';
import { beginRun } from '../../src/recovery/failover/begin.ts';
import { cleanUp } from '../../src/recovery/failover/cleanup.ts';
import { machineOf } from '../../src/recovery/failover/prepare.ts';
import { rehearse } from '../../src/recovery/failover/rehearse.ts';
import { commit, takeOver, undo } from '../../src/recovery/failover/take-over.ts';
import { newestRun } from '../../src/recovery/run/keep.ts';
import { runTags } from '../../src/recovery/run/names.ts';
import { kindOf, stateOf } from '../../src/recovery/run/run.ts';
import { refuseFailedOver } from '../../src/replication/model/pauses.ts';
import { bootBlock } from '../lab/ec2/fixture.ts';
import { scratch } from '../support/cli.ts';
import { commitImage, VM } from '../support/repository.ts';
import { firmware } from './begun.ts';
import { sha256, someBytes } from './fixture.ts';
import { CHANGE_ID, resting } from './resting.ts';
import { become, real } from './taken-over.ts';
import { importedBy, vmImport } from './vm-import.ts';

type Step = (name: string) => Promise<void>;

const acts = [
  'cycle',
  'replica',
  'fail-over',
  'rehearse',
  'clean-up',
  'undo',
  'commit',
  'fail-back',
  'cover',
  'start',
  'foreign',
] as const;
interface Move {
  act: (typeof acts)[number];
  /** Of what begins a run. */
  way: 'fast' | 'convert' | 'raw';
  /** Dies before the durable step of this number; 0: it doesn't. */
  killed: number;
  throttled: boolean;
}

const moves = fc.array(
  fc.record<Move>({
    act: fc.constantFrom(...acts, 'fail-over', 'fail-over', 'undo'),
    killed: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 9 })),
    way: fc.constantFrom('fast', 'fast', 'convert', 'raw'),
    throttled: fc.boolean(),
  }),
  { minLength: 6, maxLength: 12 },
);

/** A history in a few words: `fail-over raw 3` dies before its third durable step. */
const told = (text: string): Move[] =>
  text.split(', ').map(words => {
    const [act, ...more] = words.split(' ');
    return {
      act: act as Move['act'],
      way: more.includes('raw') ? 'raw' : more.includes('convert') ? 'convert' : 'fast',
      killed: Number(more.find(word => /^\d+$/.test(word)) ?? 0),
      throttled: more.includes('throttled'),
    };
  });

/** What has to have been there each time; the others are anything. */
const examples = [
  'rehearse convert 3, rehearse convert throttled, cycle, replica, foreign, clean-up 2, clean-up, cycle, replica, fail-over 4, fail-over, cycle, foreign, undo',
  'replica, fail-over raw 2, fail-over raw, commit, cover, cover 2, cover, fail-back 3, fail-back throttled, undo',
  'fail-over, fail-back 6, start, fail-back 4, start, fail-back, start, fail-back',
].map(told);

/** A VM with a replica, a plan of it, and whatever happens to them. */
async function world() {
  const made = await real({ image: bootBlock(), disk: { changeId: CHANGE_ID } });
  const { repository, recovery, lab, ec2, quarantine, vm, build } = made;
  const tests = (await made.at()).run.start;
  const landing = tests.groups[0]!.machines[0]!.landing!;
  const { asImporter } = await vmImport(made);
  await asImporter();
  const home = resting(bootBlock());
  const dir = await scratch();
  let generation = 1;
  const foreign: string[] = [];
  let covered = false;
  let startedByHand = false;

  /** A new run of the plan, of the newest point. */
  const begin = async (kind: 'real' | 'test', step: Step, way: Move['way']) => {
    const before = await newestRun(repository, 'web');
    const goesOn =
      before &&
      stateOf(before) === 'running' &&
      kindOf(before.start) === (kind === 'real' ? 'failover' : 'test');
    // A plan has one run at a time, as the commands see to.
    if (goesOn || (before && stateOf(before) !== 'cleaned')) return goesOn ? made.at(step) : undefined;
    const { point, disks } = await build({ step });
    const snapshots = new Map(disks.map(({ index, snapshot }) => [index, snapshot]));
    const machine = importedBy(way, machineOf(point, { vm: 'web01' }, { type: 'm6i.large' }, snapshots));
    const { version: _, plan: __, number: ___, began, kind: ____, ...start } = tests;
    await beginRun({
      repository,
      plan: 'web',
      after: before?.start.number ?? 0,
      points: [point],
      began,
      step,
      make: async () => ({
        ...start,
        ...(kind === 'real' && { kind }),
        groups: [{ wait: 0, machines: [{ ...machine, ...(kind === 'real' && { landing }) }] }],
      }),
    });
    return made.at(step);
  };

  const perform: Record<Move['act'], (step: Step, way: Move['way']) => Promise<unknown>> = {
    async cycle(step) {
      await refuseFailedOver(repository, { uuid: VM.uuid, name: 'web01' });
      const image = Buffer.concat([bootBlock(), someBytes(String(generation++), 4096)]).subarray(
        0,
        bootBlock().length,
      );
      return commitImage(vm, image, { step, disk: { changeId: CHANGE_ID }, point: { machine: firmware } });
    },
    replica: step => build({ step, keep: 1 }),
    'fail-over': async (step, way) => {
      const options = await begin('real', step, way);
      return options && takeOver(options);
    },
    rehearse: async (step, way) => {
      const options = await begin('test', step, way);
      return options && rehearse(options);
    },
    'clean-up': async step => {
      const options = await made.at(step);
      return kindOf(options.run.start) === 'test' && cleanUp({ ...options, cloud: recovery });
    },
    undo: async step => {
      const options = await made.at(step);
      if (kindOf(options.run.start) === 'test' || stateOf(options.run) === 'committed') return;
      await undo({ ...options, cloud: recovery });
    },
    commit: async step => {
      const options = await made.at(step);
      if (kindOf(options.run.start) === 'test' || stateOf(options.run) !== 'standing') return;
      if (!options.run.steps.some(({ what }) => what === 'failback')) await commit(options);
    },
    'fail-back': async step => {
      const { run, clock } = await made.at(step);
      const state = stateOf(run);
      if (kindOf(run.start) === 'test' || (state !== 'standing' && state !== 'committed')) return;
      const [machine] = run.start.groups[0]!.machines;
      const point = (await vm.point(machine!.point))!;
      const of = { repository, run, machine: machine!, cloud: recovery, clock, point, home, step };
      await bringHome(of, { to: 'disk' });
      // What was said to be home is what the disk has.
      await fault('clear');
      const [instance] = await made.live();
      const volume = instance!.BlockDeviceMappings![0]!.Ebs!.VolumeId!;
      const { length } = home.disk;
      const { data } = await lab.command({ do: 'volume', volume, firstStart: false, length });
      expect(data).toMatchObject({ sha256: sha256(home.disk) });
    },
    // Somebody starts what was stopped to come home, and it writes.
    start: async () => {
      const [instance] = await made.live();
      if (instance?.State?.Name !== 'stopped') return;
      startedByHand = true;
      await made.machines.start(instance.InstanceId!);
      await become(made, 'running');
      const volume = instance.BlockDeviceMappings![0]!.Ebs!.VolumeId!;
      const file = join(dir, 'wrote');
      await writeFile(file, someBytes(`wrote ${generation++}`, 32));
      await lab.command({ do: 'write-volume', volume, offset: home.disk.length - 1024, file });
    },
    cover: async step => {
      const { run, clock } = await made.at(step);
      if (stateOf(run) !== 'committed') return;
      const [machine] = run.start.groups[0]!.machines;
      const of = { repository, run, machine: machine!, cloud: recovery, clock, step };
      covered ||= (await cover({ ...of, every: 0, keep: 1 })) !== undefined;
    },
    foreign: async () => {
      const { start } = (await made.at()).run;
      const tags = { ...runTags(repository.id, start), 'converge:vm': 'somebody-else' };
      const { VolumeId } = await ec2.send(
        new CreateVolumeCommand({
          Size: 1,
          AvailabilityZone: 'eu-west-1a',
          TagSpecifications: [
            { ResourceType: 'volume', Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
          ],
        }),
      );
      foreign.push(VolumeId!);
    },
  };

  async function check(history: string) {
    const all = await made.all();
    const live = all.filter(
      ({ State, SecurityGroups = [], Tags = [] }) =>
        State!.Name === 'running' &&
        SecurityGroups.some(({ GroupId }) => GroupId !== quarantine) &&
        Tags.some(({ Key }) => Key === 'converge:vm'),
    );
    const { run } = await made.at();
    const isReal = kindOf(run.start) === 'failover';
    // A rehearsal is apart by its network. Of those that take over there is one, and home makes no points.
    if (isReal) expect(live.length, history).toBeLessThanOrEqual(1);
    // Nobody keeps somebody from starting what is home already.
    if (isReal && live.length > 0 && !startedByHand) expect(await made.held(), history).toBeDefined();
    const volumes = new Set((await recovery.volumes.list({})).map(({ id }) => id));
    for (const id of foreign) expect(volumes.has(id), `${history}: ${id} was somebody else's`).toBe(true);
    if (stateOf(run) !== 'cleaned') {
      const machine = run.start.groups[0]!.machines[0]!;
      // What it is launched of, or a raw image is made of.
      expect(await vm.point(machine.point), history).toBeDefined();
      for (const { snapshot } of machine.disks)
        if (snapshot !== undefined)
          expect(
            await recovery.snapshots.list({ ids: [snapshot] }),
            `${history}: ${snapshot} is gone`,
          ).toHaveLength(1);
    }
    if (covered) {
      const taken = await recovery.snapshots.list({ tags: runTags(repository.id, run.start) });
      expect(
        taken.some(({ state, tags }) => state === 'completed' && tags['converge:cover']),
        history,
      ).toBe(true);
    }
    const replicas = await recovery.snapshots.list({ tags: { 'converge:repository': repository.id } });
    expect(replicas.filter(({ state }) => state === 'completed').length, history).toBeGreaterThan(0);
  }

  // What it is made with was never begun as commands begin it, so that nothing is pinned.
  await perform.undo(async () => {}, 'fast');
  const fault = (kind: string, more = {}) => lab.command({ do: 'fault', on: 'ec2', rule: { kind, ...more } });
  return {
    perform,
    check,
    throttle: () => fault('throttled', { times: 2 }),
    unthrottle: () => fault('clear'),
  };
}

/** Counts the durable steps, and dies before the one of that number. */
const dyingAt = (number: number) => {
  let seen = 0;
  return async () => {
    if (++seen === number) throw new Error('killed');
  };
};

test('cycles, failovers, tests, clean-ups, kills and throttles in any order', {
  timeout: 240_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(moves, async all => {
      const { perform, check, throttle, unthrottle } = await world();
      const done: string[] = [];
      for (const { act, killed, throttled, way } of all) {
        if (throttled && act !== 'foreign' && act !== 'start') await throttle();
        done.push(
          `${act} ${way}${killed > 0 ? ` killed at ${killed}` : ''}${throttled ? ', throttled' : ''}`,
        );
        try {
          await perform[act](dyingAt(killed), way);
        } catch (error) {
          if (!(error instanceof Failure) && (error as Error).message !== 'killed') throw error;
        }
        await unthrottle();
        await check(done.join('; '));
      }
    }),
    { numRuns: 4, examples: examples.map(one => [one] as [Move[]]), endOnFailure: true },
  );
});
