import { blocked, type Diagnostic, Failure, failedWith, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { DamageRecord } from '../model/damage-record.ts';
import type { LeaseValue } from '../model/lease-value.ts';
import { NOTHING_PRUNED, type PruningRecord } from '../model/pruning-record.ts';
import type { VmRepository } from '../model/repository.ts';
import { pruningStore } from '../repository/pruning-store.ts';
import type { VmContext } from '../repository/read/repository-context.ts';
import { type Decision, decideWith } from '../retention/decide.ts';
import type { Compacted } from './compact.ts';
import { doubt } from './doubt.ts';
import { type PrunedPoint, seePoints } from './points.ts';
import { leavePoints, type Removals, removePoints } from './remove-points.ts';
import { type Swept, sweepObjects } from './sweep-objects.ts';
import { isHeld, type PruneVmOptions, type Work } from './work.ts';

export interface VmPruned extends Removals, Swept {
  uuid: string;
  decisions: Decision<PrunedPoint>[];
  /** What its time had come for, and is locked; `until`: the last of them, ms since the epoch. */
  locked?: { objects: number; until: number };
  warnings: Diagnostic[];
}

/**
 * Removes the points of one VM that its policy doesn't keep, and then what no point needs any more: marked
 * first, gone once the mark is as old as `grace`. A run that was killed anywhere is made good by the next.
 *
 * @throws Failure `prune-raced` (blocked); `prune-doubt` where it can't be told what the points are
 */
export async function pruneVm(
  context: VmContext,
  vm: VmRepository,
  options: PruneVmOptions,
): Promise<VmPruned> {
  const work = await lookAtVm(context, vm, options);
  const policies = { declared: options.policy, inForce: options.inForce };
  const decided = decideWith(work.seen.points, policies, work.now, await isHeld(work));
  const removing = new Set(options.unruled ? work.record.removing : []);
  const decisions = decided.filter(({ point }) => !removing.has(point.id));
  const removals = options.unruled ? leavePoints(work) : await removePoints(work, decisions);
  const swept = await sweepObjects(work, removals);
  const stay = [...removals.kept, ...swept.left];
  const untils = stay.flatMap(({ until }) => until ?? []);
  const others = stay.filter(({ until }) => until === undefined);
  const unread = swept.compacted?.unread ?? [];
  return {
    ...{ uuid: vm.uuid, decisions, ...removals, ...swept },
    ...(untils.length > 0 && { locked: { objects: untils.length, until: Math.max(...untils) } }),
    warnings: [
      ...(others.length > 0 ? [refused(vm, others)] : []),
      ...(unread.length > 0 ? [notRead(vm, unread)] : []),
    ],
  };
}

/**
 * What a run goes by.
 *
 * @throws Failure `prune-raced` (blocked); `prune-doubt` where it can't be told what the points are
 */
export async function lookAtVm(context: VmContext, vm: VmRepository, options: PruneVmOptions): Promise<Work> {
  const { record, save, now } = await begin(context, options);
  const damage = await damageOf(vm);
  const lease = () => leaseOf(vm);
  const seen = await seePoints(context, record, damage, await options.pins());
  const leased = await lease();
  const newest = seen.points.at(-1)?.generation ?? 0;
  const told = Math.max(newest, ...seen.unreadable.map(one => one.generation));
  if ((leased?.generation ?? 0) > told)
    throw doubt(
      `its lease tells of generation ${leased!.generation}, and generation ${told} is the newest there is`,
    );
  return { ...{ context, vm, options, now, seen, damage, record, lease, leased }, save };
}

/** Writes the record as it is: the date that the store then gives it is what everything goes by. */
async function begin(
  context: VmContext,
  { dry, now, step }: PruneVmOptions,
): Promise<Pick<Work, 'record' | 'save' | 'now'>> {
  const records = pruningStore(context);
  const found = await records.read().catch(async error => {
    // What it said is marked anew, and waits for as long again.
    if (!failedWith(error, 'damaged-object')) throw error;
    return { record: NOTHING_PRUNED, etag: (await records.stat())?.etag, modified: 0 };
  });
  const before = found?.record ?? NOTHING_PRUNED;
  const since = found?.modified ?? 0;
  const record = { ...before, marked: before.marked.map(one => ({ since, ...one })) };
  if (dry) return { record, now, save: async () => {} };
  let etag = found?.etag;
  const save = async (next: PruningRecord) => {
    await step('record');
    const written = await records.write(next, etag);
    if (!written) throw raced(context);
    etag = written.etag;
  };
  await save(record);
  return { record, save, now: (await records.stat())?.modified ?? now };
}

async function damageOf(vm: VmRepository): Promise<DamageRecord | undefined> {
  const found = await vm.damage.read();
  if (found && !found.record) throw doubt('the record of what is damaged of it is damaged itself');
  return found?.record;
}

async function leaseOf(vm: VmRepository): Promise<LeaseValue | undefined> {
  try {
    return (await vm.lease.read())?.value;
  } catch (error) {
    if (!failedWith(error, 'damaged-object')) throw error;
    throw doubt("it can't be told what a cycle of it claims", own`the next cycle writes its lease anew`);
  }
}

const raced = ({ store, uuid }: VmContext): Failure =>
  new Failure(blocked('prune-raced', `another pruner is at work on the VM ${uuid} in ${store.url}`));

const notRead = ({ uuid }: VmRepository, [first, ...more]: Compacted['unread']): Diagnostic => ({
  ...world(
    'pack-not-compacted',
    own`a pack of the VM ${uuid} can't be written anew and stays as it is: ${first!.why}${more.length > 0 ? own` (and ${more.length} more)` : ''}`,
    {
      hint: own`\`converge verify\` tells what is wrong; the next cycle stores again what its source still has`,
    },
  ),
  severity: 'warning',
});

const refused = ({ uuid }: VmRepository, kept: readonly { key: string; why: string }[]): Diagnostic => ({
  ...world(
    'prune-locked',
    own`the store keeps ${kept.length} objects of the VM ${uuid} that were to be removed, such as ${kept[0]!.key}: ${kept[0]!.why}`,
    { hint: own`give the pruner the rights in policies/pruner.json` },
  ),
  severity: 'warning',
});
