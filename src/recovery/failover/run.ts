import { blocked, Failure } from '../../diagnostics/diagnostic.ts';
import type { Repository } from '../../replication/model/repository.ts';
import { sha256 } from '../../values/digest.ts';
import type { Imported } from '../import/imported.ts';
import type { DnsStep, PlannedRecord } from '../model/dns.ts';
import { type CloudSubnet, RUN_TAG } from '../model/machines.ts';
import { SERIES } from '../model/plan.ts';
import type { Probe } from '../model/probes.ts';
import type { License } from '../target/billing.ts';

/** One machine of a run, with all that launching it takes. */
export interface RunMachine {
  /** Title of its target. */
  vm: string;
  uuid: string;
  /** The point that it is recovered from; pinned by this record. */
  point: string;
  /** Milliseconds since the epoch: the snapshot that the point is of. */
  time: number;
  instance_type: string;
  /** Tried in this order when there is no capacity of the first. */
  else_types?: string[];
  /**
   * Its declared address, and the one subnet of the test that has it; in any other it gets one that is
   * free.
   */
  address?: { ip: string; subnet?: string };
  key_pair?: string;
  tenancy?: 'default' | 'dedicated' | 'host';
  host_resource_group?: string;
  /** Of Windows: the image that its licence comes from, and which licence that is. Left out of Linux. */
  shell?: { image: string; license: License };
  /** It runs what VM Import makes of its disks; left out: its disks as they are. */
  imported?: Imported;
  boot_mode: 'legacy-bios' | 'uefi';
  tpm: boolean;
  /** The first is the one that it boots from. `raw` needs no snapshots. */
  disks: { index: number; snapshot?: string }[];
  post_launch?: PostLaunch;
  /** Of a run that is `real`: where it is put. */
  landing?: Landing;
}

/** Where a machine that takes over is put, as the launch template of its target says. */
export interface Landing {
  /** In the order in which they are tried. */
  subnets: string[];
  /** The group that it is launched into, which lets nothing in or out. */
  quarantine: string;
  /** What it is given once it has its own disks, and no others. */
  groups: string[];
  profile?: string;
  tags?: Record<string, string>;
}

/** Manifests that a machine is to converge itself by. */
export interface PostLaunch {
  /** As the plan names them. */
  manifests: string;
  /** SHA-256 of them, in hex. */
  digest: string;
  /** Milliseconds from when it runs. */
  within: number;
  /** It says what it would change, and changes nothing. */
  noop?: true;
}

/**
 * What was done at home before a planned failover: a guest was asked to shut down or was off before, was off,
 * its last point was made, and vSphere said that nothing was written since.
 */
export interface Fencing {
  /** Milliseconds since the epoch. */
  at: number;
  vm: string;
  did: 'asked' | 'was-off' | 'off' | 'point' | 'at-rest';
}

/** What a run began with. Whoever goes on with it needs nothing else. */
export interface RunStart {
  version: 1;
  plan: string;
  number: number;
  /** It takes over from machines at home. Left out: it is a test. */
  kind?: 'real';
  /** The machines at home were shut down before, and their last points hold all that they ever wrote. */
  planned?: true;
  /** Of a planned one, in the order in which it was; left out by earlier versions. */
  fencing?: Fencing[];
  /** Milliseconds since the epoch. */
  began: number;
  /** SHA-256 of the plan that was approved; left out by earlier versions. */
  digest?: string;
  account: string;
  /** The network of a test. In a `real` run each machine has its `landing`; these are those of the first. */
  subnet: string;
  /** Tried in this order when there is no room in the first. */
  else_subnets?: string[];
  group: string;
  /**
   * Milliseconds after which it is to be over, from its beginning or the last time that it was tried again. A
   * `real` run has no end.
   */
  limit?: number;
  /** Who ends it then: an entry that acts with this role. Undefined: nobody, knowingly. */
  teardown?: { role: string };
  groups: { machines: RunMachine[]; wait: number }[];
  /** What probes machines from within the network; undefined: they are probed from here. */
  prober?: { image: string; type: string };
  /** By title of the target. */
  probes: Record<string, Probe[]>;
  /** Of a `real` run: records of DNS that are switched when every probe has passed. */
  dns?: PlannedRecord[];
}

export interface ProbeResult {
  probe: string;
  /** Where it ran. */
  from: string;
  outcome: 'passed' | 'failed' | 'not run';
  /** What was seen. */
  saw: string;
}

/** What an instance was launched as, where that isn't what was to be tried first. */
export interface Elsewhere {
  type?: string;
  subnet?: string;
}

export type RunStep = { at: number } & (
  | { what: 'scheduled'; name: string; fires: number }
  /**
   * Nothing led out of the network then; `looked`: what was looked at, in words, and `unseen`: what nobody
   * might ask for, which somebody said doesn't matter.
   */
  | { what: 'proven'; vpc: string; subnets: CloudSubnet[]; looked: string[]; unseen?: string[] }
  | { what: 'refused'; vm: string; why: string }
  /** `vms` are tried again; those of `anew` as another instance. */
  | { what: 'retry'; vms: string[]; anew: string[] }
  /** A prober is about to be launched under this token. */
  | { what: 'prober'; token: string; probes: number }
  | { what: 'importing'; vm: string; task: string }
  | { what: 'imported'; vm: string; task: string; image: string }
  | { what: 'import-failed'; vm: string; task: string; why: string }
  | ({ what: 'launched'; vm: string; image: string; instance: string } & Elsewhere)
  /** It holds its own disks alone and is on the network that it belongs to. */
  | { what: 'swapped'; vm: string; instance: string }
  /** `picture`: number of its record, where a probe took one. */
  | { what: 'probed'; vm: string; instance: string; results: ProbeResult[]; picture?: number }
  | DnsStep
  /**
   * Of a test: `apart`: nothing led out of its network at the end either; `opened`: what did by then, and it
   * did not pass.
   */
  | { what: 'finished'; ok: boolean; took: number; apart?: true; opened?: string[] }
  /** Of a `real` run: a machine is being brought home. From here on nobody starts or launches it again. */
  | { what: 'failback'; vm: string; instance: string; to: 'folder' | 'disk' | 'new-vm' }
  /** A machine of this name is about to be made at home in its place. */
  | { what: 'new-vm'; vm: string; name: string }
  /** Its disks, at rest, by their number in the point. */
  | { what: 'frozen'; vm: string; disks: { index: number; snapshot: string }[] }
  /** All of it is at home, read back and compared; `bytes`: what was written there. */
  | { what: 'brought'; vm: string; bytes: number }
  /** Of a `real` run: its machines stay. */
  | { what: 'committed' }
  /** Of a `real` run: it is being undone; nobody goes on with it. */
  | { what: 'undoing' }
  /** All of the run that a clean-up found and is about to remove, beside what one before it had found. */
  | ({ what: 'removing' } & Removing)
  /** What a clean-up could not remove: `cleaned` follows when one has. */
  | { what: 'left'; things: LeftThing[] }
  | { what: 'cleaned'; instances: number; images: number; groups?: number; schedules: number }
);

/** Ids, and names of tear-down entries. */
export interface Removing {
  instances: string[];
  images: string[];
  groups: string[];
  schedules: string[];
}

/** Something of a run that is there still after a clean-up did what it could. */
export interface LeftThing {
  kind:
    | 'instance'
    | 'image'
    | 'import'
    | 'image in S3'
    | 'volume'
    | 'snapshot'
    | 'security group'
    | 'tear-down entry';
  /** Its id; of an image in S3 `s3://BUCKET/KEY`, of a tear-down entry its name. */
  id: string;
  /** Of an instance: the machine that it is, where the record says it. */
  vm?: string;
  /** US dollars while it runs, where they are known. */
  hourly?: number;
  /** Why it couldn't be removed; undefined where AWS took the call, and shows it still. */
  why?: string;
}

export interface Run {
  start: RunStart;
  steps: RunStep[];
}

/** On the snapshots of a machine that is brought home: which of the two they are. */
export const FAILBACK_TAG = 'converge:failback';
export const VM_TAG = 'converge:vm';
/** In the place of a machine's UUID, on a prober and its volumes. */
export const PROBER = 'prober';
/** On a volume of a recovered disk: its number, 0 the root. */
export const DISK_TAG = 'converge:disk-number';
/** On an instance and its volumes: which attempt they are of; left out of the first. */
export const ATTEMPT_TAG = 'converge:attempt';

export const runTags = (repository: string, { plan, number }: RunStart): Record<string, string> => ({
  [RUN_TAG]: `${repository.slice(0, 8)}/${plan}/${number}`,
});
/** On all that is made for one machine of a run, in whichever attempt. */
export const machineTags = (repository: string, start: RunStart, uuid: string): Record<string, string> => ({
  ...runTags(repository, start),
  [VM_TAG]: uuid,
});
export const attemptTags = (attempt: number): Record<string, string> =>
  attempt > 0 ? { [ATTEMPT_TAG]: String(attempt) } : {};
/** Which attempt something was made for, by its tags. */
export const attemptIn = (tags: Record<string, string>): number => Number(tags[ATTEMPT_TAG] ?? 0);

/**
 * Of all versions of converge and of all who go on with the run, one and the same for each attempt.
 *
 * @param attempt how many instances of the machine were given up before, see `attemptOf`
 */
const launchToken = (repository: string, { plan, number }: RunStart, vm: string, attempt: number): string =>
  sha256(JSON.stringify([repository, plan, number, vm, ...(attempt > 0 ? [attempt] : [])]));

/** Of something that is made for one attempt at one machine of a run. */
export const derivedToken = (
  repository: string,
  start: RunStart,
  vm: string,
  attempt: number,
  what: string,
): string => sha256(JSON.stringify([launchToken(repository, start, vm, attempt), what]));

/** Tokens of a prober, by subnet of the run: that in the first is the one that was written down. */
export const proberTokens = (start: RunStart, token: string): string[] =>
  subnetsOf(start).map((subnet, at) => (at === 0 ? token : sha256(JSON.stringify([token, subnet]))));

/** One way to launch a machine. */
export interface Way {
  type: string;
  subnet: string;
  address?: string;
  token: string;
}

/** What a run is called in messages. */
export const kindOf = ({ kind }: Pick<RunStart, 'kind'>): 'test' | 'failover' =>
  kind === 'real' ? 'failover' : 'test';

/** The subnets that a test may launch into. */
export const subnetsOf = ({ subnet, else_subnets = [] }: RunStart): string[] => [
  ...new Set([subnet, ...else_subnets]),
];

/**
 * All ways that an attempt at a machine is launched, in the order in which they are tried: every type in
 * every subnet, that with its own address first. A token stands for one request; that of the first type in
 * the first subnet is that of the attempt itself.
 */
export function waysOf(repository: string, start: RunStart, machine: RunMachine, attempt: number): Way[] {
  const { vm, instance_type, else_types = [], address } = machine;
  const subnets = [...new Set(machine.landing?.subnets ?? subnetsOf(start))];
  const tokenOf = (type: number, subnet: string): string => {
    const there = subnet === subnets[0] ? '' : ` in ${subnet}`;
    if (type === 0 && there === '') return launchToken(repository, start, vm, attempt);
    return derivedToken(repository, start, vm, attempt, `type ${type}${there}`);
  };
  const hasIt = (subnet: string) => subnet === address?.subnet;
  return [...subnets.filter(hasIt), ...subnets.filter(subnet => !hasIt(subnet))].flatMap(subnet =>
    [instance_type, ...else_types].map((type, n) => ({
      type,
      subnet,
      ...(address && hasIt(subnet) && { address: address.ip }),
      token: tokenOf(n, subnet),
    })),
  );
}

/** All tokens that an attempt at a machine may be launched with. */
export const tokensOf = (...of: Parameters<typeof waysOf>): string[] =>
  waysOf(...of).map(({ token }) => token);

/** What the way with this token has that differs from the first one. */
export function elsewhere(ways: readonly Way[], token: string | undefined): Elsewhere {
  const [first] = ways;
  const taken = ways.find(way => way.token === token);
  if (!first || !taken) return {};
  const { type, subnet } = taken;
  return { ...(type !== first.type && { type }), ...(subnet !== first.subnet && { subnet }) };
}

/** The same of an instance, as the record says it. */
export function launchedElsewhere({ steps }: Run, instance: string): Elsewhere {
  const { type, subnet } =
    steps.filter(step => step.what === 'launched').findLast(step => step.instance === instance) ?? {};
  return { ...(type !== undefined && { type }), ...(subnet !== undefined && { subnet }) };
}

/** The group that shells of a run are launched into. */
export const quarantineName = (repository: string, start: RunStart): string =>
  `converge-quarantine-${launchToken(repository, start, '', 0).slice(0, 16)}`;

/** Names of images have 128 characters of a small set. */
export const imageName = (repository: string, start: RunStart, vm: string): string =>
  `converge ${vm.replace(/[^\w.-]/g, '_').slice(0, 60)} ${launchToken(repository, start, vm, 0).slice(0, 16)}`;

const isRetry = (step: RunStep) => step.what === 'retry';

/** How often a run was tried again. */
export const retriesOf = ({ steps }: Run): number => steps.filter(isRetry).length;

/** How many instances of a machine were given up for another, which is the number of the attempt; from 0. */
export const attemptOf = ({ steps }: Run, vm: string): number =>
  steps.filter(step => step.what === 'retry' && step.anew.includes(vm)).length;

/** Since when the run or what was last tried again of it goes on. */
export const since = ({ start, steps }: Run): number => steps.findLast(isRetry)?.at ?? start.began;

/**
 * Whether all machines were launched since then. Where what ran before was left alone, or looked at again,
 * the time since then is none of recovery.
 */
export function isWhole({ start, steps }: Run): boolean {
  const last = steps.findLastIndex(isRetry);
  const since = steps.slice(last + 1);
  const launched = (vm: string) => since.some(step => step.what === 'launched' && step.vm === vm);
  return last < 0 || start.groups.every(({ machines }) => machines.every(({ vm }) => launched(vm)));
}

/** How long what was finished last took, interruptions included; in milliseconds, as the record says it. */
export const tookOf = ({ steps }: Run): number => steps.findLast(step => step.what === 'finished')?.took ?? 0;

/** When it is to be over, milliseconds since the epoch; undefined of one without an end. */
export const expiresOf = (run: Run): number | undefined =>
  run.start.limit === undefined ? undefined : since(run) + run.start.limit;

/** Who holds its pins. */
export const holderOf = ({ plan, number }: Pick<RunStart, 'plan' | 'number'>): string => `${plan}/${number}`;

/** The newest run of a plan. */
export async function newestRun(repository: Repository, plan: string): Promise<Run | undefined> {
  const number = (await repository.records.numbers(plan, SERIES.run)).at(-1);
  return number === undefined ? undefined : readRun(repository, plan, number);
}

/** A run that a repository holds. */
export async function readRun({ records }: Repository, plan: string, number: number): Promise<Run> {
  const start = (await records.read(plan, SERIES.run, number)) as RunStart;
  const series = SERIES.stepsOf(number);
  const steps: RunStep[] = [];
  for (const step of await records.numbers(plan, series))
    steps.push((await records.read(plan, series, step)) as RunStep);
  return { start, steps };
}

/** A picture of a console, as its record keeps it. */
export interface RunPicture {
  version: 1;
  vm: string;
  instance: string;
  /** Milliseconds since the epoch. */
  at: number;
  /** The file itself, in base64. */
  image: string;
}

/**
 * Largest picture that is kept, bytes: a document of the repository ends at 4 MiB, and base64 adds a third.
 */
const mostPicture = 2 * 2 ** 20;

/** Keeps a picture beside the steps. Answers with its number; undefined for one that is too large to keep. */
export async function keepPicture(
  { records }: Repository,
  { start: { plan, number } }: Run,
  { image, ...of }: { vm: string; instance: string; at: number; image: Buffer },
): Promise<number | undefined> {
  if (image.length > mostPicture) return undefined;
  const series = SERIES.picturesOf(number);
  const value: RunPicture = { version: 1, ...of, image: image.toString('base64') };
  return append(records, plan, series, value);
}

export async function readPicture(
  { records }: Repository,
  { start: { plan, number } }: Run,
  picture: number,
): Promise<RunPicture | undefined> {
  return (await records.read(plan, SERIES.picturesOf(number), picture)) as RunPicture | undefined;
}

/** Adds a record at the next free number. */
async function append(
  records: Repository['records'],
  plan: string,
  series: string,
  value: unknown,
): Promise<number> {
  let at = ((await records.numbers(plan, series)).at(-1) ?? 0) + 1;
  while (!(await records.add(plan, series, at, value))) at++;
  return at;
}

/** Writes down what was done; of two who write at once, one after the other. */
export async function note({ records }: Repository, run: Run, step: RunStep): Promise<void> {
  const { plan, number } = run.start;
  await append(records, plan, SERIES.stepsOf(number), step);
  run.steps.push(step);
}

/**
 * Writes a step down as the very next one.
 * @throws Failure `failover-begun`, blocked: somebody else wrote one meanwhile
 */
export async function claim({ records }: Repository, run: Run, step: RunStep): Promise<void> {
  const { plan, number } = run.start;
  if (!(await records.add(plan, SERIES.stepsOf(number), run.steps.length + 1, step))) throw begunBy(plan);
  run.steps.push(step);
}

export const begunBy = (plan: string): Failure =>
  new Failure(
    blocked('failover-begun', `somebody else is at the failover of ${plan} at the same time`, {
      hint: `look at it with \`converge failover status ${plan} PATHS\``,
    }),
  );

export type RunState = 'running' | 'standing' | 'committed' | 'undoing' | 'cleaned';

export const stateOf = ({ steps }: Run): RunState => {
  for (const state of ['cleaned', 'undoing', 'committed'] as const)
    if (steps.some(({ what }) => what === state)) return state;
  return steps.findLast(({ what }) => what === 'finished' || what === 'retry')?.what === 'finished'
    ? 'standing'
    : 'running';
};
