import type { RehearseOptions } from '../../src/recovery/failover/options.ts';
import type { RunMachine, RunStart } from '../../src/recovery/run/run.ts';
import { bringGroup } from '../../src/recovery/target/guard-groups.ts';
import { failedOver, pausesIn } from '../../src/replication/model/pauses.ts';
import { VM } from '../support/repository.ts';
import { type Begun, begun } from './begun.ts';

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
