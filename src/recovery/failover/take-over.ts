import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { settleThere, suspend } from '../../replication/model/pauses.ts';
import { putBack, switchedIn, switchRecords } from '../dns/switch.ts';
import type { DnsCloud, DnsStep, PlannedRecord, SwitchedRecord } from '../model/dns.ts';
import { begunBy, claim, newestRun, note } from '../run/keep.ts';
import { machineTags } from '../run/names.ts';
import { holderOf, type Run, type RunMachine, stateOf } from '../run/run.ts';
import { goesBackWith, machinesOf, thoseAt, whereIs } from '../run/where.ts';
import { endSuperseded } from './attempts.ts';
import { pinPoints } from './begin.ts';
import { type Cleaned, cleanUp } from './cleanup.ts';
import type { RehearseOptions } from './options.ts';
import { type Recovered, recoverGroups } from './rehearse.ts';

/**
 * Carries out a run that takes over, from wherever it stands. Before anything is launched no cycle of its VMs
 * can commit any more, whoever runs it. Each machine starts in a group that lets nothing in or out, and is
 * given its own network once it has its own disks and nobody has undone the run meanwhile. Nothing ends it by
 * itself.
 *
 * @throws Failure `failed-over`, blocked, when another run has taken over from one of them; `group-open`; and
 *   what `rehearse` throws of launches
 */
export async function takeOver(options: RehearseOptions): Promise<Recovered[]> {
  const { repository, run, clock, step } = options;
  const all = machinesOf(run);
  await pinPoints(repository, run.start);
  await step('suspend');
  const vms = all.map(({ uuid, vm }) => ({ uuid, name: vm }));
  await suspend(repository, holderOf(run.start), vms, clock.now());
  await step('fence');
  await Promise.all(all.map(({ uuid }) => repository.vm(uuid).fence()));
  await refuseOpenGroups(all, options);
  await endSuperseded(options);
  return recoverGroups(options, ({ landing }) => landing!.quarantine, {
    passed: recovered => lead(recovered, options),
  });
}

/** Has names lead to the machines. @throws Failure `dns-no-address`; `failover-begun`, blocked */
async function lead(recovered: readonly Recovered[], options: RehearseOptions): Promise<void> {
  const { repository, run } = options;
  const { plan, number, dns = [] } = run.start;
  if (dns.length === 0) return;
  await switchRecords(dns, record => addressIn(record, recovered, options), ofDns(options));
  const now = await newestRun(repository, plan);
  const state = now?.start.number === number ? stateOf(now) : 'cleaned';
  if (state !== 'undoing' && state !== 'cleaned') return;
  // Whoever undoes it may have looked before the records were switched.
  await putBack(() => true, ofDns(options));
  throw begunBy(plan);
}

/** Where a machine is, of those that were recovered just now. */
async function addressIn(
  { vm, type, address }: PlannedRecord & { vm: string },
  recovered: readonly Recovered[],
  { repository, run, cloud, signal }: RehearseOptions,
): Promise<string | undefined> {
  const { uuid } = machinesOf(run).find(one => one.vm === vm)!;
  const all = await cloud.machines.instances(machineTags(repository.id, run.start, uuid), signal);
  const id = recovered.find(one => one.vm === vm)?.instance;
  const found = all.find(one => one.id === id);
  if (type === 'AAAA') return found?.ipv6;
  return address === 'public' ? found?.publicIp : found?.privateIp;
}

/**
 * Records of DNS that a run has switched: none when not every probe has passed. Undefined of one that was to
 * switch none.
 */
export const switchedBy = ({ start, steps }: Run): SwitchedRecord[] | undefined =>
  start.dns && switchedIn(steps);

/** What switching and putting back records of a run takes. */
export const ofDns = ({
  repository,
  run,
  cloud,
  clock,
  step,
  signal,
}: Deciding & { cloud: { dns: DnsCloud }; signal?: AbortSignal }) => ({
  steps: run.steps,
  dns: cloud.dns,
  // Nobody switches what somebody else undoes.
  note: (one: DnsStep) =>
    (one.what === 'dns-switching' ? claim : note)(repository, run, { at: clock.now(), ...one }),
  step,
  ...(signal && { signal }),
});

/** @throws Failure `group-open`, with all that aren't there or let something through */
async function refuseOpenGroups(
  machines: readonly RunMachine[],
  { cloud: { groups }, signal }: RehearseOptions,
): Promise<void> {
  const ids = [...new Set(machines.map(({ landing }) => landing!.quarantine))];
  const found = await groups.list({ ids }, signal);
  const wrong = ids.flatMap(id => {
    const group = found.find(one => one.id === id);
    if (!group) return [`${id} is gone`];
    return group.rules.length > 0 ? [`${group.name} (${id}) lets something in or out`] : [];
  });
  if (wrong.length === 0) return;
  throw new Failure(
    world('group-open', `machines start in security groups that are shut, but ${wrong.join(', ')}`, {
      hint: 'apply the recovery_targets, then run again to go on',
    }),
  );
}

type Deciding = Pick<RehearseOptions, 'repository' | 'run' | 'clock' | 'step'>;

/**
 * Has the machines of a run stay that are in EC2 and weren't brought home: what it has suspended of them
 * stays so for good, and its points stay pinned. Safe to repeat.
 *
 * @throws Failure `failover-begun`, blocked: somebody else goes on with it or undoes it at the same time
 */
export async function commit({ repository, run, clock, step }: Deciding): Promise<void> {
  if (stateOf(run) !== 'committed') {
    await step('commit');
    await claim(repository, run, { at: clock.now(), what: 'committed' });
  }
  await step('settle');
  // One that is home isn't kept in AWS.
  const kept = machinesOf(run).filter(({ vm }) => whereIs(run, vm) === 'there');
  const uuids = kept.map(({ uuid }) => uuid);
  await settleThere(repository, holderOf(run.start), uuids, clock.now());
}

/**
 * Ends one machine of a run and leaves the others as they are: its records of DNS say again what they did,
 * what is left of it in EC2 is removed, and its cycles go on. With the last of them the run is over. Safe to
 * repeat.
 *
 * @throws Failure `failover-begun`, blocked; `left-behind`
 */
export async function undoOne(
  machine: RunMachine,
  options: Deciding & Parameters<typeof cleanUp>[0] & { cloud: { dns: DnsCloud } },
): Promise<Cleaned> {
  const { repository, run, clock, step } = options;
  const { vm } = machine;
  if (!['ending', 'ended'].includes(whereIs(run, vm))) {
    await step('end');
    await claim(repository, run, { at: clock.now(), what: 'ending', vm });
  }
  await putBack(goesBackWith(run, vm), ofDns(options));
  const one = await cleanUp({ ...options, only: machine });
  if (thoseAt(run, 'ended').length < machinesOf(run).length) return one;
  const rest = await cleanUp(options);
  return { ...one, groups: rest.groups, schedules: rest.schedules, foreign: rest.foreign };
}

/**
 * Has records of DNS say again what they did, ends what a run has launched, with its disks, and then lets
 * cycles of its VMs go on. From the first record on nobody goes on with the run. Safe to repeat.
 *
 * @throws Failure `failover-begun`, blocked; `left-behind`
 */
export async function undo(
  options: Deciding & Parameters<typeof cleanUp>[0] & { cloud: { dns: DnsCloud } },
): Promise<Cleaned> {
  const { repository, run, clock, step } = options;
  if (stateOf(run) !== 'undoing') {
    await step('undo');
    await claim(repository, run, { at: clock.now(), what: 'undoing' });
  }
  await putBack(() => true, ofDns(options));
  return cleanUp(options);
}
