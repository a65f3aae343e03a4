import type { Clock } from '../../io/ports.ts';
import type { Repository } from '../../replication/model/repository.ts';
import type { RecoveryCloud } from '../model/clients.ts';
import type { CloudInstance } from '../model/machines.ts';
import { IN_GUEST } from '../model/probes.ts';
import {
  attemptOf,
  claim,
  launchToken,
  type ProbeResult,
  type Run,
  type RunMachine,
  type RunStep,
  runTags,
} from './run.ts';

interface Of {
  repository: Repository;
  run: Run;
  cloud: Pick<RecoveryCloud, 'machines'>;
  signal?: AbortSignal;
}

/** One that ended, or will, is no use any more: its token gives the same instance again. */
const hasEnded = ({ state }: CloudInstance): boolean => /^(terminated|shutting-down)$/.test(state);

const instancesOf = ({ repository, run, cloud: { machines }, signal }: Of): Promise<CloudInstance[]> =>
  machines.instances(runTags(repository.id, run.start), signal);

const probedLast = ({ steps }: Run, vm: string): Extract<RunStep, { what: 'probed' }> | undefined =>
  steps.findLast(step => step.what === 'probed' && step.vm === vm) as
    | Extract<RunStep, { what: 'probed' }>
    | undefined;

/** What the machine does itself is no reason to look at it again. */
const passedAll = (results: readonly ProbeResult[]): boolean =>
  results.every(({ outcome, from }) => outcome === 'passed' || from === IN_GUEST);

/** What is known of a machine that passed all its probes and still runs; undefined for any other. */
export async function keptOf(
  { vm }: RunMachine,
  of: Of,
): Promise<{ instance: string; results: ProbeResult[] } | undefined> {
  const last = probedLast(of.run, vm);
  if (!last || !passedAll(last.results)) return undefined;
  const { repository, run } = of;
  const token = launchToken(repository.id, run.start, vm, attemptOf(run, vm));
  const found = (await instancesOf(of)).find(({ id }) => id === last.instance);
  if (found?.state !== 'running' || found.token !== token) return undefined;
  return { instance: last.instance, results: last.results };
}

/** Ends what earlier attempts left running: the record gave it up, and whoever wrote that may have died since. */
export async function endSuperseded(of: Of & { step(name: string): Promise<void> }): Promise<void> {
  const { repository, run, cloud, step, signal } = of;
  const vms = run.start.groups.flatMap(group => group.machines.map(({ vm }) => vm));
  const old = new Set(
    vms.flatMap(vm =>
      Array.from({ length: attemptOf(run, vm) }, (_, n) => launchToken(repository.id, run.start, vm, n)),
    ),
  );
  if (old.size === 0) return;
  const left = (await instancesOf(of)).filter(
    one => one.token !== undefined && old.has(one.token) && !hasEnded(one),
  );
  if (left.length === 0) return;
  await step('end-superseded');
  await cloud.machines.terminate(
    left.map(({ id }) => id),
    signal,
  );
}

/** What is tried again, and why. */
export interface Again {
  vm: string;
  why: string;
  /** As another instance; otherwise the one that runs is probed again, or the launch asked for once more. */
  anew: boolean;
}

/**
 * The machines of a run that failed. One whose instance runs is probed again, unless all are to be launched anew; one
 * whose instance ended needs another.
 *
 * @param anew those that failed are given up for new instances
 */
export async function failedOf(of: Of, anew: boolean): Promise<Again[]> {
  const { repository, run } = of;
  const instances = await instancesOf(of);
  const again: Again[] = [];
  for (const { vm } of run.start.groups.flatMap(group => group.machines)) {
    const token = launchToken(repository.id, run.start, vm, attemptOf(run, vm));
    const instance = instances.find(one => one.token === token);
    const probed = probedLast(run, vm);
    const isUp = instance?.state === 'running';
    if (isUp && probed?.instance === instance.id && passedAll(probed.results)) continue;
    const launched = run.steps.some(step => step.what === 'launched' && step.vm === vm);
    const refused = run.steps.findLast(step => step.what === 'refused' && step.vm === vm);
    if (!instance && !launched) {
      // One of a later group, which was never begun, is not one that failed.
      if (refused?.what === 'refused') again.push({ vm, why: refused.why, anew: false });
      continue;
    }
    const isGone = !instance || (!isUp && instance.state !== 'pending');
    const failed = (probed?.results ?? []).filter(({ outcome }) => outcome !== 'passed');
    const why = isGone
      ? `its instance ${instance ? `is ${instance.state}` : 'is gone'}`
      : failed.length > 0
        ? failed.map(({ probe, outcome }) => `${probe}: ${outcome}`).join(', ')
        : 'it was not probed to the end';
    again.push({ vm, why, anew: isGone || anew });
  }
  return again;
}

/**
 * Writes down that these machines are tried again: from then on the run goes on, with the next attempt of those that
 * need another instance, and its time begins anew.
 *
 * @throws Failure `failover-begun`, blocked: of two who do so at once, one
 */
export async function tryAgain(
  { repository, run }: Of,
  again: readonly Again[],
  { clock, step }: { clock: Clock; step(name: string): Promise<void> },
): Promise<void> {
  await step('retry');
  await claim(repository, run, {
    at: clock.now(),
    what: 'retry',
    vms: again.map(({ vm }) => vm),
    anew: again.filter(one => one.anew).map(({ vm }) => vm),
  });
}
