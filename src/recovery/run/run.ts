import type { Imported } from '../import/imported.ts';
import type { DnsStep, PlannedRecord } from '../model/dns.ts';
import type { CloudSubnet } from '../model/machines.ts';
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
  /** Of a `real` run: this machine alone is being ended; nobody goes on with it. */
  | { what: 'ending'; vm: string }
  /** Nothing of it is left in EC2, and nothing of it is suspended or pinned. */
  | { what: 'ended'; vm: string; instances: number; images: number }
  /**
   * All of the run, or of one machine, that a clean-up found and is about to remove, beside what one before
   * it had found.
   */
  | ({ what: 'removing'; vm?: string } & Removing)
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

/** What a run is called in messages. */
export const kindOf = ({ kind }: Pick<RunStart, 'kind'>): 'test' | 'failover' =>
  kind === 'real' ? 'failover' : 'test';

/** The subnets that a test may launch into. */
export const subnetsOf = ({ subnet, else_subnets = [] }: RunStart): string[] => [
  ...new Set([subnet, ...else_subnets]),
];

/** What an instance was launched as, where that isn't what was to be tried first. */
export function launchedElsewhere({ steps }: Run, instance: string): Elsewhere {
  const { type, subnet } =
    steps.filter(step => step.what === 'launched').findLast(step => step.instance === instance) ?? {};
  return { ...(type !== undefined && { type }), ...(subnet !== undefined && { subnet }) };
}

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

export type RunState = 'running' | 'standing' | 'committed' | 'undoing' | 'cleaned';

export const stateOf = ({ steps }: Run): RunState => {
  for (const state of ['cleaned', 'undoing', 'committed'] as const)
    if (steps.some(({ what }) => what === state)) return state;
  return steps.findLast(({ what }) => what === 'finished' || what === 'retry')?.what === 'finished'
    ? 'standing'
    : 'running';
};

/** Who holds its pins. */
export const holderOf = ({ plan, number }: Pick<RunStart, 'plan' | 'number'>): string => `${plan}/${number}`;
