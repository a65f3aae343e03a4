import type { Clock } from '../../io/ports.ts';
import { until } from '../../io/until.ts';
import type { Repository } from '../../replication/model/repository.ts';
import type { RecoveryCloud } from '../model/clients.ts';
import type { CloudInstance } from '../model/machines.ts';
import { claim } from '../run/keep.ts';
import { attemptIn, runTags, tokensOf, VM_TAG } from '../run/names.ts';
import { attemptOf, type ProbeResult, type Run, type RunMachine, type RunStep } from '../run/run.ts';
import { goOn } from './options.ts';

interface Of {
  repository: Repository;
  run: Run;
  cloud: Pick<RecoveryCloud, 'machines' | 'volumes'>;
  signal?: AbortSignal;
}

/** One that ended, or will, is no use any more: its token gives the same instance again. */
export const hasEnded = ({ state }: CloudInstance): boolean => /^(terminated|shutting-down)$/.test(state);

const instancesOf = ({ repository, run, cloud: { machines }, signal }: Of): Promise<CloudInstance[]> =>
  machines.instances(runTags(repository.id, run.start), signal);

const probedLast = ({ steps }: Run, vm: string): Extract<RunStep, { what: 'probed' }> | undefined =>
  steps.findLast(step => step.what === 'probed' && step.vm === vm) as
    | Extract<RunStep, { what: 'probed' }>
    | undefined;

const passedAll = (results: readonly ProbeResult[]): boolean =>
  results.every(({ outcome }) => outcome === 'passed');

/** What is known of a machine that passed all its probes and still runs; undefined for any other. */
export async function keptOf(
  machine: RunMachine,
  of: Of,
): Promise<{ instance: string; results: ProbeResult[] } | undefined> {
  const { vm } = machine;
  const last = probedLast(of.run, vm);
  if (!last || !passedAll(last.results)) return undefined;
  const { repository, run } = of;
  const tokens = tokensOf(repository.id, run.start, machine, attemptOf(run, vm));
  const found = (await instancesOf(of)).find(({ id }) => id === last.instance);
  if (found?.state !== 'running' || !tokens.some(token => token === found.token)) return undefined;
  return { instance: last.instance, results: last.results };
}

const lookEvery = 2_000;
const patience = 10 * 60_000;

/**
 * Ends what earlier attempts left: the record gave it up, and whoever wrote that may have died since. A shell
 * that was given up between its disks and its own leaves volumes that end with no instance, and so does
 * whatever takes over: that is waited for, so that no two of a VM run.
 */
export async function endSuperseded(
  of: Of & { clock: Clock; step(name: string): Promise<void> },
): Promise<void> {
  const { repository, run, cloud, clock, step, signal } = of;
  const { start } = run;
  const given = start.groups
    .flatMap(group => group.machines)
    .map(machine => ({ machine, attempt: attemptOf(run, machine.vm) }))
    .filter(({ attempt }) => attempt > 0);
  if (given.length === 0) return;
  const old = new Set(
    given.flatMap(({ machine, attempt }) =>
      Array.from({ length: attempt }, (_, n) => tokensOf(repository.id, start, machine, n)).flat(),
    ),
  );
  const superseded = async () =>
    (await instancesOf(of)).filter(({ token }) => token !== undefined && old.has(token));
  const left = (await superseded()).filter(one => !hasEnded(one));
  if (left.length > 0) {
    await step('end-superseded');
    await cloud.machines.terminate(
      left.map(({ id }) => id),
      signal,
    );
  }
  const attempts = new Map(
    given
      .filter(({ machine }) => machine.shell || machine.landing)
      .map(({ machine: { uuid }, attempt }) => [uuid, attempt]),
  );
  if (attempts.size === 0) return;
  await until(
    clock,
    async () => {
      const [ending, all] = await Promise.all([
        superseded(),
        cloud.volumes.list(runTags(repository.id, start), signal),
      ]);
      const volumes = all.filter(({ tags }) => attemptIn(tags) < (attempts.get(tags[VM_TAG] ?? '') ?? 0));
      for (const { id } of volumes.filter(({ state }) => state === 'available' || state === 'error')) {
        await step('delete-superseded-volume');
        await cloud.volumes.remove(id, signal);
      }
      return (volumes.length === 0 && ending.every(({ state }) => state === 'terminated')) || undefined;
    },
    {
      every: lookEvery,
      atMost: patience,
      what: 'the volumes of earlier attempts to be gone',
      hint: goOn,
      ...(signal && { signal }),
    },
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
 * The machines of a run that failed. One whose instance runs is probed again, unless all are to be launched
 * anew; one whose instance ended needs another.
 *
 * @param anew those that failed are given up for new instances
 */
export async function failedOf(of: Of, anew: boolean): Promise<Again[]> {
  const { repository, run } = of;
  const instances = await instancesOf(of);
  const again: Again[] = [];
  for (const machine of run.start.groups.flatMap(group => group.machines)) {
    const { vm } = machine;
    const tokens = tokensOf(repository.id, run.start, machine, attemptOf(run, vm));
    const ofIt = instances.filter(one => tokens.some(token => token === one.token));
    const instance = ofIt.find(one => !hasEnded(one)) ?? ofIt[0];
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
    // One with a shell is stopped in the middle of its exchange of disks.
    const goesOn =
      isUp || instance?.state === 'pending' || (machine.shell && instance && !hasEnded(instance));
    const isGone = !goesOn;
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
 * Writes down that these machines are tried again: from then on the run goes on, with the next attempt of
 * those that need another instance, and its time begins anew.
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
