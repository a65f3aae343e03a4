import { createHash } from 'node:crypto';
import type { Repository } from '../../replication/model/repository.ts';
import { SERIES } from '../model/plan.ts';
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
  key_pair?: string;
  tenancy?: 'default' | 'dedicated' | 'host';
  host_resource_group?: string;
  /** Of Windows: the image that its licence comes from, and which licence that is. Left out of Linux. */
  shell?: { image: string; license: License };
  boot_mode: 'legacy-bios' | 'uefi';
  tpm: boolean;
  /** The first is the one that it boots from. */
  disks: { index: number; snapshot: string }[];
}

/** What a run began with. Whoever goes on with it needs nothing else. */
export interface RunStart {
  version: 1;
  plan: string;
  number: number;
  /** Milliseconds since the epoch. */
  began: number;
  account: string;
  subnet: string;
  group: string;
  groups: { machines: RunMachine[]; wait: number }[];
  /** `within`: milliseconds. */
  probes: { console?: string; within: number };
}

export interface ProbeResult {
  probe: string;
  /** Where it ran. */
  from: string;
  outcome: 'passed' | 'failed' | 'not run';
  /** What was seen. */
  saw: string;
}

export type RunStep = { at: number } & (
  | { what: 'launched'; vm: string; image: string; instance: string }
  /** It holds its own disks alone and is on the network that it belongs to. */
  | { what: 'swapped'; vm: string; instance: string }
  | { what: 'probed'; vm: string; instance: string; results: ProbeResult[] }
  | { what: 'finished'; ok: boolean; took: number }
  | { what: 'cleaned'; instances: number; images: number }
);

export interface Run {
  start: RunStart;
  steps: RunStep[];
}

/** On everything that a run makes. */
export const RUN_TAG = 'converge:run';
export const VM_TAG = 'converge:vm';
/** On a volume of a recovered disk: its number, 0 the root. */
export const DISK_TAG = 'converge:disk-number';

export const runTags = (repository: string, { plan, number }: RunStart): Record<string, string> => ({
  [RUN_TAG]: `${repository.slice(0, 8)}/${plan}/${number}`,
});
/** Of all versions of converge and of all who go on with the run, one and the same. */
export const launchToken = (repository: string, { plan, number }: RunStart, vm: string): string =>
  createHash('sha256')
    .update(JSON.stringify([repository, plan, number, vm]))
    .digest('hex');
/** A token stands for one request: another type, another token. The first is that of the machine itself. */
export const attemptToken = (repository: string, start: RunStart, vm: string, attempt: number): string =>
  attempt === 0 ? launchToken(repository, start, vm) : derivedToken(repository, start, vm, `type ${attempt}`);

/** Of something that is made for one machine of a run. */
export const derivedToken = (repository: string, start: RunStart, vm: string, what: string): string =>
  createHash('sha256')
    .update(JSON.stringify([launchToken(repository, start, vm), what]))
    .digest('hex');

/** All tokens that a machine of the run may have been launched with. */
export const tokensOf = (
  repository: string,
  start: RunStart,
  { vm, else_types = [] }: RunMachine,
): string[] => ['', ...else_types].map((_, attempt) => attemptToken(repository, start, vm, attempt));

/** The group that shells of a run are launched into. */
export const quarantineName = (repository: string, start: RunStart): string =>
  `converge-quarantine-${launchToken(repository, start, '').slice(0, 16)}`;

/** Names of images have 128 characters of a small set. */
export const imageName = (repository: string, start: RunStart, vm: string): string =>
  `converge ${vm.replace(/[^\w.-]/g, '_').slice(0, 60)} ${launchToken(repository, start, vm).slice(0, 16)}`;

/** The newest run of a plan. */
export async function newestRun(repository: Repository, plan: string): Promise<Run | undefined> {
  const number = (await repository.records.numbers(plan, SERIES.run)).at(-1);
  return number === undefined ? undefined : readRun(repository, plan, number);
}

async function readRun({ records }: Repository, plan: string, number: number): Promise<Run> {
  const start = (await records.read(plan, SERIES.run, number)) as RunStart;
  const series = SERIES.stepsOf(number);
  const steps: RunStep[] = [];
  for (const step of await records.numbers(plan, series))
    steps.push((await records.read(plan, series, step)) as RunStep);
  return { start, steps };
}

/** Writes down what was done; of two who write at once, one after the other. */
export async function note({ records }: Repository, run: Run, step: RunStep): Promise<void> {
  const { plan, number } = run.start;
  const series = SERIES.stepsOf(number);
  let at = ((await records.numbers(plan, series)).at(-1) ?? 0) + 1;
  while (!(await records.add(plan, series, at, step))) at++;
  run.steps.push(step);
}

export const stateOf = ({ steps }: Run): 'running' | 'standing' | 'cleaned' => {
  if (steps.some(({ what }) => what === 'cleaned')) return 'cleaned';
  return steps.some(({ what }) => what === 'finished') ? 'standing' : 'running';
};
