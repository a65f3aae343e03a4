import { blocked, type Diagnostic, Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { currentList } from './current-list.ts';
import { isUnreadable } from './damage.ts';
import type { Repository, VmRepository } from './repository.ts';

/**
 * Cycles of a VM that nobody shall begin for a while. One that was `paused` is left alone by agents only; of
 * one that is `failed-over` nobody makes a point, whoever asks.
 */
export interface Pause {
  /** UUID; of one that had no point when it was paused, the name that it is declared by, in lower case. */
  vm: string;
  /** Until when; undefined: until somebody ends it. */
  until?: number;
  why: 'paused' | 'failed-over';
  /** Since when. */
  at: number;
  /** Of one that is failed over, which run holds it: `web/3`. */
  by?: string;
  /** Since when it is to stay where it was failed over to. */
  committed?: number;
  /** Since when all of it is at home again, though its failover isn't ended. */
  home?: number;
  /** Its pause can't be read: it may be failed over, so nobody makes a point until it is resumed. */
  doubt?: true;
}

/**
 * Who was failed over can't be told any more. A failover that may be in force is one of a VM whose head says
 * so, or can't be read.
 */
async function withDoubts(repository: Repository, entries: Pause[]): Promise<Pause[]> {
  const doubts: Pause[] = [];
  for (const vm of await repository.enrolled(() => {})) {
    if (entries.some(one => one.vm === vm && (one.why === 'failed-over' || one.doubt))) continue;
    if (await maybeSuspended(repository.vm(vm))) doubts.push({ vm, why: 'paused', at: 0, doubt: true });
  }
  return [...entries, ...doubts];
}

async function maybeSuspended(vm: VmRepository): Promise<boolean> {
  try {
    return (await vm.head())?.head.suspended ?? false;
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return true;
  }
}

export const pauses = currentList<Pause>('pauses', withDoubts);

/** All that were ever begun and that nobody has ended; those whose time is over among them. */
export const pausesIn = pauses.read;

/** The same for whoever shows them: see `CurrentList`. */
export const pausesKnown = pauses.known;

/**
 * Begins a pause, in the place of one that the VM has; those whose time is over are dropped.
 *
 * @param names by which the VM may have been paused before
 */
export const pause = (
  repository: Repository,
  begun: Pause & { why: 'paused' },
  names: readonly string[] = [],
): Promise<void> =>
  pauses.change(repository, before => [
    ...before.filter(
      ({ vm, why, until, doubt }) =>
        why === 'failed-over' ||
        doubt ||
        (vm !== begun.vm && !names.includes(vm) && (until === undefined || until > begun.at)),
    ),
    begun,
  ]);

/**
 * Ends the pause of a VM, if it has one. What is failed over stays so: only its run lifts that.
 *
 * @param names UUID, and the name that it may have been paused by
 */
export const resume = (repository: Repository, names: readonly string[]): Promise<void> =>
  pauses.change(repository, before =>
    before.filter(({ vm, why }) => !names.includes(vm) || why === 'failed-over'),
  );

/** The failover of a VM that is in force, among all pauses. */
export const failedOver = (all: readonly Pause[], uuid: string): Pause | undefined =>
  all.find(({ vm, why }) => vm === uuid && why === 'failed-over');

/** The same of a VM whose head was just read: where that tells of none, nothing is asked for. */
export const failoverOf = async (
  repository: Repository,
  { uuid, suspended }: Pick<VmRepository, 'uuid' | 'suspended'>,
): Promise<Pause | undefined> => (suspended ? failedOver(await pausesIn(repository), uuid) : undefined);

/**
 * Suspends the replication of VMs for a run that takes over from them, beside those that it has suspended
 * already.
 *
 * @param by who holds it: `web/3`
 * @throws Failure `failed-over`, blocked, with all that somebody else has failed over; none is suspended then
 */
export const suspend = (
  repository: Repository,
  by: string,
  vms: readonly { uuid: string; name: string }[],
  at: number,
): Promise<void> =>
  pauses.change(repository, before => {
    const others = vms.flatMap(({ uuid, name }) => {
      const other = failedOver(before, uuid);
      return other && other.by !== by ? isFailedOver(name, other).diagnostics : [];
    });
    if (others.length > 0) throw new Failure(others);
    const missing = vms.filter(({ uuid }) => !failedOver(before, uuid));
    return [...before, ...missing.map(({ uuid }) => ({ vm: uuid, why: 'failed-over' as const, at, by }))];
  });

/** What a run has suspended of these stays suspended for good: they are at home where they are. */
export const settleThere = (
  repository: Repository,
  by: string,
  uuids: readonly string[],
  at: number,
): Promise<void> =>
  pauses.change(repository, before =>
    before.map(one =>
      one.by === by && uuids.includes(one.vm) && one.committed === undefined
        ? { ...one, committed: at }
        : one,
    ),
  );

/** A VM is at home again whose replication a run still suspends: it lives in AWS no more. */
export const settleHome = (repository: Repository, by: string, uuid: string, at: number): Promise<void> =>
  pauses.change(repository, before =>
    before.map(one =>
      one.by === by && one.vm === uuid && one.home === undefined ? { ...one, home: at } : one,
    ),
  );

/** Whether a VM is where it was failed over to, for good. */
export const livesInAws = ({ committed, home }: Pause): boolean =>
  committed !== undefined && home === undefined;

/** Lifts all that a run has suspended. */
export const unsuspend = (repository: Repository, by: string): Promise<void> =>
  pauses.change(repository, before => before.filter(one => one.by !== by));

/** Lifts what a run has suspended of one VM: it is at home again. */
export const unsuspendVm = (repository: Repository, by: string, uuid: string): Promise<void> =>
  pauses.change(repository, before => before.filter(one => one.by !== by || one.vm !== uuid));

/**
 * @param suspended what the head tells, where it was just read
 * @throws Failure `failed-over`, blocked, when a run has taken over from the VM
 */
export async function refuseFailedOver(
  repository: Repository,
  { uuid, name }: { uuid: string; name: string },
  suspended = true,
): Promise<void> {
  if (!suspended) return;
  const all = await pausesIn(repository);
  const found = failedOver(all, uuid);
  if (found) throw isFailedOver(name, found);
  if (all.some(({ vm, doubt }) => vm === uuid && doubt)) throw mayBeFailedOver(name);
}

const mayBeFailedOver = (name: string): Failure =>
  new Failure(
    blocked('failed-over', own`${name} may run in AWS: what says so is damaged, and was written anew`, {
      hint: own`look whether it does; when it doesn't, \`converge resume ${name} PATHS\` lets points be made again`,
    }),
  );

/** The plan of the run that holds a failover. */
export const planOfHolder = (by = ''): string => by.slice(0, by.lastIndexOf('/'));

/** How far a failover is, in words, and the way out. */
function inForce(name: string, pause: Pause): { state: string; hint: string } {
  const plan = planOfHolder(pause.by);
  const end = `\`converge failover undo ${plan} PATHS --only recovery_target:${name}\``;
  if (pause.home !== undefined)
    return {
      state:
        'it was brought home, and its replication is suspended until what is left of it in EC2 is removed',
      hint: `remove that: ${end}`,
    };
  if (livesInAws(pause))
    return {
      state: 'for good: nothing of what is at home is replicated any more',
      hint: 'the failover was committed: remove the machine at home and its `protected_vm`',
    };
  return {
    state: 'its replication is suspended until it is failed back or the failover undone',
    hint: `keep the machine at home off; bring it home by \`converge failback ${name} PATHS\`, or end it in EC2 by ${end}`,
  };
}

export function isFailedOver(name: string, pause: Pause): Failure {
  const { state, hint } = inForce(name, pause);
  const said =
    pause.home === undefined
      ? `${name} runs in AWS since the failover ${pause.by}: no point is made of what is at home`
      : `${name} was failed over by ${pause.by}: ${state}`;
  return new Failure(blocked('failed-over', said, { hint }));
}

/** That the replication of a VM rests, knowingly: what a plan and whoever would make a point say about it. */
export const isSuspended = (name: string, pause: Pause): Diagnostic => {
  const { state, hint } = inForce(name, pause);
  const since = `${name} is failed over to EC2 since ${new Date(pause.at).toISOString().slice(0, 19)}Z by ${pause.by}`;
  const joint = livesInAws(pause) ? ', ' : ': ';
  return { ...world('failed-over', `${since}${joint}${state}`, { hint }), severity: 'warning' };
};
