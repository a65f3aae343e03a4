import { bringGroup } from '../target/guard-groups.ts';
import { refuseOpen } from './isolation.ts';
import { launch } from './launch.ts';
import type { RehearseOptions } from './options.ts';
import { probe } from './probe.ts';
import { note, type ProbeResult, quarantineName, runTags } from './run.ts';
import { swapDisks } from './swap-disks.ts';

export interface Recovered {
  vm: string;
  instance: string;
  results: ProbeResult[];
  /** Milliseconds from the beginning of its group until it ran, and until its probes were over. */
  running: number;
  probed: number;
}

/**
 * Carries a run out, from wherever it stands: what was launched is found by token and tag and not launched
 * again. The network is proven anew each time, unless it was just now. A machine that takes its licence
 * from a shell runs that shell in a group that lets nothing in or out, until it has its own disks. Answers
 * with what each machine did; none is stopped.
 *
 * @throws Failure `network-open`, blocked; `machine-not-launched`, `no-room`, `license-mismatch`,
 * `shell-missing`
 */
export async function rehearse(options: RehearseOptions): Promise<Recovered[]> {
  const { repository, run, cloud, clock, step, say, signal } = options;
  const { machines } = cloud;
  const { start } = run;
  const network = options.proven ?? (await machines.network(start.subnet, start.group, signal));
  refuseOpen(network);
  const quarantine = await quarantineOf(options, network.vpc);
  const recovered: Recovered[] = [];
  for (const { machines: group, wait } of start.groups) {
    if (recovered.some(({ results }) => results.some(({ outcome }) => outcome !== 'passed'))) break;
    if (wait > 0) await clock.sleep(wait, signal);
    const began = clock.now();
    recovered.push(
      ...(await Promise.all(
        group.map(async machine => {
          const instance = await launch(machine, quarantine ?? start.group, options);
          if (machine.shell) await swapDisks(machine, instance, [start.group], options);
          const running = clock.now() - began;
          say?.(`${machine.vm}: ${instance} runs`);
          const results = await probe(instance, start.probes, { machines, clock, ...(signal && { signal }) });
          const probed = clock.now() - began;
          await step(`probed-${machine.vm}`);
          await note(repository, run, { at: clock.now(), what: 'probed', vm: machine.vm, instance, results });
          return { vm: machine.vm, instance, results, running, probed };
        }),
      )),
    );
  }
  const planned = start.groups.reduce((sum, { machines: group }) => sum + group.length, 0);
  const ok =
    recovered.length === planned &&
    recovered.every(({ results }) => results.every(({ outcome }) => outcome === 'passed'));
  await step('finish');
  await note(repository, run, { at: clock.now(), what: 'finished', ok, took: clock.now() - start.began });
  return recovered;
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
