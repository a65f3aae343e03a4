import { CreateVolumeCommand } from '@aws-sdk/client-ec2';
import { until } from '../../src/io/until.ts';
import type { RehearseOptions } from '../../src/recovery/failover/options.ts';
import type { RunMachine, RunStart } from '../../src/recovery/run/run.ts';
import { bringGroup } from '../../src/recovery/target/guard-groups.ts';
import { failedOver, pausesIn } from '../../src/replication/model/pauses.ts';
import { VM } from '../support/repository.ts';
import { type Begun, begun } from './begun.ts';
import { unhurried } from './fixture.ts';

const guard = (vpc: string) => ({
  name: 'converge-web01-quarantine',
  vpc,
  description: 'shut',
  tags: { 'converge:recovery-target': 'web01' },
  rules: [],
});

/** A run of one machine that takes over, and has begun. */
export async function real(
  more: Partial<Begun> = {},
  start: (made: { machine: RunMachine }) => Promise<Partial<RunStart>> = async () => ({}),
) {
  const world = await begun(async made => ({ kind: 'real', ...(await start(made)) }), undefined, more);
  const { recovery, network } = world;
  const quarantine = await bringGroup(recovery.groups, guard(network.vpc));
  const landing = { subnets: [network.subnet], quarantine, groups: [network.group], profile: 'recovered' };
  const at = async (step?: (name: string) => Promise<void>): Promise<RehearseOptions> => {
    const options = await world.at(step);
    const { start } = options.run;
    const groups = start.groups.map(({ wait, machines }) => ({
      wait,
      machines: machines.map(
        (machine): RunMachine => (start.kind === 'real' ? { ...machine, landing } : machine),
      ),
    }));
    return { ...options, run: { ...options.run, start: { ...start, groups } } };
  };
  const live = async () => (await world.all()).filter(({ State }) => State!.Name !== 'terminated');
  const held = async () => failedOver(await pausesIn(world.repository), VM.uuid);
  return { ...world, at, live, held, quarantine };
}

type World = Awaited<ReturnType<typeof real>>;

/** Waits until something is so in EC2. */
export const seen = (is: () => Promise<boolean>) =>
  until(unhurried, async () => (await is()) || undefined, { every: 1000, atMost: 600_000, what: 'it' });

/** Waits until the one machine is in this state. */
export const become = ({ live }: Pick<World, 'live'>, state: string) =>
  seen(async () => (await live())[0]!.State!.Name === state);

/** Somebody attaches a volume of 2 GiB that nothing of the run knows. */
export async function attachAnother({ ec2, recovery }: Pick<World, 'ec2' | 'recovery'>, instance: string) {
  const wanted = new CreateVolumeCommand({ Size: 2, AvailabilityZone: 'eu-west-1a', VolumeType: 'gp3' });
  const volume = (await ec2.send(wanted)).VolumeId!;
  await seen(async () =>
    (await recovery.volumes.list({})).some(({ id, state }) => id === volume && state === 'available'),
  );
  await recovery.volumes.attach(volume, instance, '/dev/sdf');
  return volume;
}
