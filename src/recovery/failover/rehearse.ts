import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { elapsed } from '../../io/until.ts';
import { HERE, placeOf } from '../model/probes.ts';
import { begunBy, keepPicture, newestRun, note } from '../run/keep.ts';
import { machineTags, quarantineName, runTags } from '../run/names.ts';
import {
  attemptOf,
  type Elsewhere,
  launchedElsewhere,
  type ProbeResult,
  type RunMachine,
  since,
  stateOf,
  subnetsOf,
} from '../run/run.ts';
import { bringGroup } from '../target/guard-groups.ts';
import { endSuperseded, keptOf } from './attempts.ts';
import { pinPoints } from './begin.ts';
import { cleanUp } from './cleanup.ts';
import { type InsideProber, insideProber } from './inside.ts';
import { looked, refuseOpen, wasSaid, waysOut } from './isolation.ts';
import { launch } from './launch.ts';
import type { RehearseOptions } from './options.ts';
import { orderTags, watchPostLaunch } from './post-launch.ts';
import { probe } from './probe.ts';
import { swapDisks } from './swap-disks.ts';
import { seeToTeardown } from './teardown.ts';

export interface Recovered extends Elsewhere {
  vm: string;
  instance: string;
  results: ProbeResult[];
  /**
   * Milliseconds from the beginning of the run, or from when it was last tried again, until it was seen to
   * run, and until its probes were over. By the record, so that an interruption counts.
   */
  running: number;
  probed: number;
  /** It had passed before, still runs, and was left alone. */
  kept?: true;
}

/**
 * Carries a run out, from wherever it stands: what was launched is found by token and tag and not launched
 * again. The network is proven anew each time, unless it was just now. A machine that takes its licence
 * from a shell runs that shell in a group that lets nothing in or out, until it has its own disks. Machines
 * that passed and still run are left alone. Answers with what each machine did; none is stopped.
 *
 * @throws Failure `network-open`, `test-expired`, blocked; `machine-not-launched`, `no-room`,
 *   `license-mismatch`, `shell-missing`
 */
export async function rehearse(options: RehearseOptions): Promise<Recovered[]> {
  const { repository, run, cloud, clock, step, signal } = options;
  const { machines } = cloud;
  const { start } = run;
  const network = options.proven ?? (await machines.network(subnetsOf(start), start.group, signal));
  refuseOpen(network, options.mayBeUnseen || wasSaid(run, network.unseen));
  const { vpc, subnets } = network;
  await step('proven');
  const { unseen } = network;
  await note(repository, run, {
    at: clock.now(),
    what: 'proven',
    vpc,
    subnets,
    looked: [...looked],
    ...(unseen.length > 0 && { unseen }),
  });
  await pinPoints(repository, start);
  // A shell of the VM's own is as much a copy of what runs at home as a recovered machine is.
  await seeToTeardown(options);
  await endSuperseded(options);
  const quarantine = await quarantineOf(options, network.vpc);
  return recoverGroups(options, () => quarantine ?? start.group, {
    async waysOut() {
      const now = await machines.network(subnetsOf(start), start.group, signal);
      return waysOut({ ...now, unseen: [] });
    },
  });
}

/**
 * Launches and probes the groups one after the other, and writes down what it came to.
 *
 * @param into the group that a machine is launched into
 * @param hooks `passed`: done once every probe of every machine has passed, before it is over; `waysOut`:
 *   what leads out of the network by then
 * @throws Failure `network-opened`; what refuses a launch
 */
export async function recoverGroups(
  options: RehearseOptions,
  into: (machine: RunMachine) => string,
  hooks: {
    passed?(recovered: readonly Recovered[]): Promise<void>;
    waysOut?(): Promise<string[]>;
  } = {},
): Promise<Recovered[]> {
  const { repository, run, clock, step, signal } = options;
  const { start } = run;
  const recovered: Recovered[] = [];
  for (const { machines: group, wait } of start.groups) {
    if (recovered.some(({ results }) => results.some(({ outcome }) => outcome !== 'passed'))) break;
    if (wait > 0) await clock.sleep(wait, signal);
    const began = since(run);
    // All of them come to an end: what is launched when another one is refused has to be on record.
    const inside = insideProber(group, options);
    const outcomes = await Promise.allSettled(
      group.map(machine =>
        recover(machine, into(machine), began, { ...options, inside }).finally(() =>
          inside?.without(machine.vm),
        ),
      ),
    );
    const refused = outcomes.flatMap(one => (one.status === 'rejected' ? [one.reason as unknown] : []));
    if (refused.length > 0) throw together(refused);
    // Not before all that it said is written down: whoever goes on after a crash reads its console again.
    await inside?.end();
    const done = outcomes.map(one => (one as PromiseFulfilledResult<Recovered>).value);
    recovered.push(...done.map(one => ({ ...one, ...launchedElsewhere(run, one.instance) })));
  }
  const planned = start.groups.reduce((sum, { machines: group }) => sum + group.length, 0);
  const took = elapsed(clock, since(run));
  const opened = await hooks.waysOut?.();
  const ok =
    (opened ?? []).length === 0 &&
    recovered.length === planned &&
    recovered.every(({ results }) => results.every(({ outcome }) => outcome === 'passed'));
  if (ok) await hooks.passed?.(recovered);
  await step('finish');
  await note(repository, run, {
    at: clock.now(),
    what: 'finished',
    ok,
    took: hooks.waysOut ? took : elapsed(clock, since(run)),
    ...(opened && (opened.length === 0 ? { apart: true as const } : { opened })),
  });
  if (opened && opened.length > 0) throw openedMeanwhile(start, opened);
  return recovered;
}

const openedMeanwhile = (
  { plan, number }: RehearseOptions['run']['start'],
  ways: readonly string[],
): Failure =>
  new Failure(
    world(
      'network-opened',
      `the network of test ${number} of ${plan} was opened while its machines ran: ${ways.join('; ')}`,
      { hint: `remove the test at once: \`converge failover cleanup ${plan} PATHS\`` },
    ),
  );

/** All that was refused, one cause once; what is not a Failure comes first. */
function together(reasons: readonly unknown[]): unknown {
  const unknown = reasons.find(reason => !(reason instanceof Failure));
  if (unknown !== undefined || reasons.length === 1) return unknown ?? reasons[0];
  const all = (reasons as readonly Failure[]).flatMap(({ diagnostics }) => diagnostics);
  const once = all.filter(({ message }, n) => all.findIndex(one => one.message === message) === n);
  return new Failure(once, { cause: reasons[0] });
}

/** With what probes the group from within, where the plan has that. */
type Inside = RehearseOptions & { inside: InsideProber | undefined };

/** @param group what it is launched into; one with a shell gets that of the test when it has its own disks */
async function recover(
  machine: RunMachine,
  group: string,
  began: number,
  options: Inside,
): Promise<Recovered> {
  const { repository, run, cloud, clock, step, say, signal } = options;
  const { vm } = machine;
  const kept = await keptOf(machine, options);
  if (kept) return { vm, ...kept, running: 0, probed: 0, kept: true };
  const running = async () => {
    const instance = await launch(machine, group, options);
    const { landing } = machine;
    if (landing) await refuseUndone(options);
    if (!machine.shell && !machine.imported && !landing) return instance;
    const { groups = [run.start.group], profile } = landing ?? {};
    const wanted = { groups, keeps: landing !== undefined, ...(profile !== undefined && { profile }) };
    await swapDisks(machine, instance, wanted, options);
    if (!machine.shell || !machine.post_launch) return instance;
    // Not before: a shell of the VM's own may be a copy that would act on it.
    await step(`order-${vm}`);
    const order = orderTags(repository.id, run.start, machine, attemptOf(run, vm));
    await cloud.machines.tag(instance, order, signal);
    return instance;
  };
  const instance = await running().catch(async (error: unknown) => {
    // Where the repository can't be reached either, what went wrong first is what is told.
    if (error instanceof Failure && !signal?.aborted)
      await note(repository, run, { at: clock.now(), what: 'refused', vm, why: error.message }).catch(
        () => {},
      );
    throw error;
  });
  const took = elapsed(clock, began);
  say?.(`${vm}: ${instance} runs`);
  const results = await probeMachine(machine, instance, options);
  return { vm, instance, results, running: took, probed: elapsed(clock, began) };
}

/**
 * Whoever undoes a failover writes that down before counting what is there. So what was launched too late to
 * be counted is removed by whoever launched it, while it is in no network.
 *
 * @throws Failure `failover-begun`, blocked
 */
async function refuseUndone(options: RehearseOptions): Promise<void> {
  const { repository, run, step } = options;
  const { plan, number } = run.start;
  const now = await newestRun(repository, plan);
  const state = now?.start.number === number ? stateOf(now) : 'cleaned';
  if (state === 'running') return;
  if (state === 'undoing' || state === 'cleaned') {
    await step('end-late');
    await cleanUp(options);
  }
  throw begunBy(plan);
}

/** Probes one that runs, and writes down what came of it. */
async function probeMachine(machine: RunMachine, instance: string, options: Inside): Promise<ProbeResult[]> {
  const { repository, run, cloud, prober, clock, step, signal, inside } = options;
  const { machines } = cloud;
  const { vm, uuid } = machine;
  const probes = run.start.probes[vm] ?? [];
  const addressOf = async () => {
    const found = await machines.instances(machineTags(repository.id, run.start, uuid), signal);
    return found.find(({ id }) => id === instance)?.privateIp;
  };
  const address = probes.some(one => placeOf(one) === HERE) ? await addressOf() : undefined;
  const answers = inside?.ask(vm, address, probes);
  const on = { machines, prober, clock, signal, ...(answers && { inside: answers }) };
  const attempt = attemptOf(run, vm);
  // Side by side: a probe may wait for what the machine brings about itself.
  const [{ results: probed, picture }, own] = await Promise.all([
    probe({ instance, ...(address !== undefined && { address }) }, probes, on),
    watchPostLaunch(repository.id, run.start, machine, attempt, instance, on),
  ]);
  const results = [...probed, ...own];
  const at = clock.now();
  if (picture) await step(`picture-${vm}`);
  const kept = picture && (await keepPicture(repository, run, { vm, instance, at, image: picture }));
  await step(`probed-${vm}`);
  const numbered = kept !== undefined && { picture: kept };
  await note(repository, run, { at, what: 'probed', vm, instance, results, ...numbered });
  return results;
}

/** The group that shells are launched into; undefined where no machine has one. */
async function quarantineOf(
  { repository, run: { start }, cloud, step, signal }: RehearseOptions,
  vpc: string,
): Promise<string | undefined> {
  if (!start.groups.some(({ machines }) => machines.some(({ shell }) => shell))) return undefined;
  await step('quarantine');
  return bringGroup(
    cloud.groups,
    {
      name: quarantineName(repository.id, start),
      vpc,
      description: `test of ${start.plan}: machines that have not got their own disks`.slice(0, 255),
      tags: runTags(repository.id, start),
      rules: [],
    },
    signal,
  );
}
