import { sha256 } from '../../values/digest.ts';
import { RUN_TAG } from '../model/machines.ts';
import { type Elsewhere, type RunMachine, type RunStart, subnetsOf } from './run.ts';

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

/** The group that shells of a run are launched into. */
export const quarantineName = (repository: string, start: RunStart): string =>
  `converge-quarantine-${launchToken(repository, start, '', 0).slice(0, 16)}`;

/** Names of images have 128 characters of a small set. */
export const imageName = (repository: string, start: RunStart, vm: string): string =>
  `converge ${vm.replace(/[^\w.-]/g, '_').slice(0, 60)} ${launchToken(repository, start, vm, 0).slice(0, 16)}`;
