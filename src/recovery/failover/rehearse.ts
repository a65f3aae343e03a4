import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { Clock } from '../../io/ports.ts';
import { until } from '../../io/until.ts';
import type { Repository } from '../../replication/model/repository.ts';
import type { RecoveryCloud } from '../model/clients.ts';
import type { CloudInstance } from '../model/machines.ts';
import { IN_GUEST, type Prober } from '../model/probes.ts';
import { endSuperseded, keptOf } from './attempts.ts';
import { pinPoints } from './begin.ts';
import { refuseOpen } from './isolation.ts';
import { probe } from './probe.ts';
import {
  attemptOf,
  imageName,
  keepPicture,
  launchToken,
  note,
  type ProbeResult,
  type Run,
  type RunMachine,
  type RunStart,
  runTags,
  since,
  VM_TAG,
} from './run.ts';
import { seeToTeardown } from './teardown.ts';

export interface RehearseOptions {
  repository: Repository;
  run: Run;
  cloud: Pick<RecoveryCloud, 'machines' | 'teardown'>;
  prober: Prober;
  clock: Clock;
  /** Awaited before each durable side effect. */
  step(name: string): Promise<void>;
  /** What goes on, for people. */
  say?(line: string): void;
  signal?: AbortSignal;
}

export interface Recovered {
  vm: string;
  instance: string;
  results: ProbeResult[];
  /** Milliseconds from the beginning of its group until it ran, and until its probes were over. */
  running: number;
  probed: number;
  /** It had passed before, still runs, and was left alone. */
  kept?: true;
}

/**
 * Carries a run out, from wherever it stands: what was launched is found by token and tag and not launched again. The
 * network is proven anew each time. Machines that passed and still run are left alone. Answers with what each machine did;
 * none is stopped.
 *
 * @throws Failure `network-open`, `test-expired`, blocked; `machine-not-launched`
 */
export async function rehearse(options: RehearseOptions): Promise<Recovered[]> {
  const { repository, run, cloud, clock, step, signal } = options;
  const { machines } = cloud;
  const { start } = run;
  refuseOpen(await machines.network(start.subnet, start.group, signal));
  await pinPoints(repository, start);
  await seeToTeardown(options);
  await endSuperseded(options);
  const recovered: Recovered[] = [];
  for (const { machines: group, wait } of start.groups) {
    if (recovered.some(({ results }) => results.some(holdsUp))) break;
    if (wait > 0) await clock.sleep(wait, signal);
    const began = clock.now();
    // All of them come to an end: what is launched when another one is refused has to be on record.
    const outcomes = await Promise.allSettled(group.map(machine => recover(machine, began, options)));
    const refused = outcomes.find(({ status }) => status === 'rejected');
    if (refused) throw (refused as PromiseRejectedResult).reason;
    recovered.push(...outcomes.map(one => (one as PromiseFulfilledResult<Recovered>).value));
  }
  const planned = start.groups.reduce((sum, { machines: group }) => sum + group.length, 0);
  const ok =
    recovered.length === planned &&
    recovered.every(({ results }) => results.every(({ outcome }) => outcome === 'passed'));
  await step('finish');
  await note(repository, run, { at: clock.now(), what: 'finished', ok, took: clock.now() - since(run) });
  return recovered;
}

/** What a machine does itself when it is up holds up no other. */
const holdsUp = ({ outcome, from }: ProbeResult): boolean => outcome !== 'passed' && from !== IN_GUEST;

/**
 * Nothing carries manifests into a machine in a network that is apart: no user data is given, and it reaches no bucket.
 * Said of each machine, so that nobody takes the rehearsal for one of them too.
 */
const postLaunch = ({ post_launch: path }: RunStart): ProbeResult[] =>
  path === undefined
    ? []
    : [
        {
          probe: `post-launch manifests ${path}`,
          from: IN_GUEST,
          outcome: 'not run',
          saw: 'nothing carries them into a network that is apart',
        },
      ];

async function recover(machine: RunMachine, began: number, options: RehearseOptions): Promise<Recovered> {
  const { repository, run, clock, say, signal } = options;
  const { vm } = machine;
  const kept = await keptOf(machine, options);
  if (kept) return { vm, ...kept, running: 0, probed: 0, kept: true };
  const instance = await launch(machine, options).catch(async (error: unknown) => {
    if (error instanceof Failure && !signal?.aborted)
      await note(repository, run, { at: clock.now(), what: 'refused', vm, why: error.message });
    throw error;
  });
  const running = clock.now() - began;
  say?.(`${vm}: ${instance} runs`);
  const results = await probeMachine(machine, instance, options);
  return { vm, instance, results, running, probed: clock.now() - began };
}

/** Probes one that runs, and writes down what came of it. */
async function probeMachine(
  { vm, uuid }: RunMachine,
  instance: string,
  options: RehearseOptions,
): Promise<ProbeResult[]> {
  const { repository, run, cloud, prober, clock, step, signal } = options;
  const { machines } = cloud;
  const tags = { ...runTags(repository.id, run.start), [VM_TAG]: uuid };
  const address = (await machines.instances(tags, signal)).find(({ id }) => id === instance)?.privateIp;
  const { results: probed, picture } = await probe(
    { instance, ...(address !== undefined && { address }) },
    run.start.probes[vm] ?? [],
    { machines, prober, clock, signal },
  );
  const results = [...probed, ...postLaunch(run.start)];
  const at = clock.now();
  if (picture) await step(`picture-${vm}`);
  const kept = picture && (await keepPicture(repository, run, { vm, instance, at, image: picture }));
  await step(`probed-${vm}`);
  const numbered = kept !== undefined && { picture: kept };
  await note(repository, run, { at, what: 'probed', vm, instance, results, ...numbered });
  return results;
}

/** Root and data disks are those of the machine's own image: no recovered disk meets another system. */
async function launch(machine: RunMachine, options: RehearseOptions): Promise<string> {
  const { repository, run, cloud, clock, step, signal } = options;
  const { machines } = cloud;
  const { start } = run;
  const tags = { ...runTags(repository.id, start), [VM_TAG]: machine.uuid };
  const token = launchToken(repository.id, start, machine.vm, attemptOf(run, machine.vm));
  const known = (await machines.instances(tags, signal)).find(
    one => one.token === token && !/^(terminated|shutting-down)$/.test(one.state),
  );
  const image = known ? '' : await imageOf(machine, tags, options);
  if (!known) await step(`run-${machine.vm}`);
  const id =
    known?.id ??
    (await machines.run(
      {
        image,
        type: machine.instance_type,
        subnet: start.subnet,
        groups: [start.group],
        ...(machine.key_pair !== undefined && { keyPair: machine.key_pair }),
        token,
        tags: { ...tags, Name: `${machine.vm} (test of ${start.plan})` },
      },
      signal,
    ));
  const recorded = run.steps.some(one => one.what === 'launched' && one.instance === id);
  if (!recorded) {
    await step(`launched-${machine.vm}`);
    await note(repository, run, { at: clock.now(), what: 'launched', vm: machine.vm, image, instance: id });
  }
  await settled(options, `instance ${id} of ${machine.vm}`, async () => {
    const found = (await machines.instances(tags, signal)).find(one => one.id === id);
    return judged(found);
  });
  return id;
}

const judged = (found: CloudInstance | undefined): 'yes' | 'not yet' | string => {
  if (!found || found.state === 'pending') return 'not yet';
  return found.state === 'running' ? 'yes' : `it is ${found.state}`;
};

async function imageOf(
  machine: RunMachine,
  tags: Record<string, string>,
  options: RehearseOptions,
): Promise<string> {
  const { repository, run, cloud, step, signal } = options;
  const { machines } = cloud;
  const name = imageName(repository.id, run.start, machine.vm);
  const find = async () => (await machines.images(tags, signal)).find(one => one.name === name);
  let image = (await find())?.id;
  if (image === undefined) {
    await step(`register-${machine.vm}`);
    image = await machines.registerImage(
      {
        name,
        bootMode: machine.boot_mode,
        tpm: machine.tpm,
        disks: machine.disks.map(({ snapshot }, n) => ({ device: deviceName(n), snapshot })),
        tags,
      },
      signal,
    );
    image ??= (await find())?.id;
  }
  if (image === undefined)
    throw new Failure(
      world('image-name-taken', `there is an image called ${name} that isn't of this test`, {
        hint: 'deregister it in EC2 if nobody needs it, then run again',
      }),
    );
  await settled(options, `the image of ${machine.vm}`, async () => {
    const found = await find();
    if (!found || found.state === 'pending') return 'not yet';
    if (found.state !== 'available') return `it is ${found.state}`;
    // What it is billed as comes from the snapshot: anything but plain Linux is a bill nobody asked for.
    const billed = `${found.platformDetails} (${found.usageOperation})`;
    return billed === 'Linux/UNIX (RunInstances)' ? 'yes' : `EC2 bills it as ${billed}`;
  });
  return image;
}

/** `/dev/sda1` is the root. Source: EC2 user guide, "Device names for volumes": f to p are for data. */
const deviceName = (n: number): string =>
  n === 0 ? '/dev/sda1' : `/dev/sd${String.fromCharCode('f'.charCodeAt(0) + n - 1)}`;
/** So many disks have a device name of that form, the root among them. */
export const mostDisks = 12;

const lookEvery = 2_000;
const patience = 10 * 60_000;

/** Looks until the answer is `yes`; any other answer than `not yet` is why it never will be. */
const settled = (
  { clock, signal }: Pick<RehearseOptions, 'clock' | 'signal'>,
  what: string,
  look: () => Promise<string>,
): Promise<true> =>
  until(
    clock,
    async () => {
      const answer = await look();
      if (answer === 'yes') return true;
      if (answer === 'not yet') return undefined;
      throw new Failure(world('machine-not-launched', own`${what} is no use: ${answer}`, { hint: goOn }));
    },
    { every: lookEvery, atMost: patience, what, hint: goOn, ...(signal && { signal }) },
  );

const goOn = 'run again to go on, or `converge failover cleanup` to remove what there is';
