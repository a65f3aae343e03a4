import { type Diagnostic, Failure, failedWith, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { plural } from '../../io/units.ts';
import { covers } from '../../recovery/cover/covers.ts';
import type { Repaired } from '../../replication/cycle/repair.ts';
import { BOARD } from '../../replication/format/names.ts';
import { NO_DAMAGE } from '../../replication/model/damage-record.ts';
import { recordOf } from '../../replication/model/object-lock.ts';
import { pauses } from '../../replication/model/pauses.ts';
import type { VmRepository } from '../../replication/model/repository.ts';
import { locksStore } from '../../replication/repository/locks-store.ts';
import type { OpenRepository } from '../../replication/repository/open-repository.ts';
import { vmContext } from '../../replication/repository/vm.ts';
import { holds } from '../../replication/retention/holds.ts';
import { retentions } from '../../replication/retention/in-force.ts';
import { pins } from '../../replication/retention/pins.ts';
import { damagedRecords } from '../../replication/verify/besides.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions, RepositoryOptions } from '../options.ts';
import { type OpenedRepository, vmNamed, withRepositoryOpen } from './with-repository.ts';

export interface RepairedVm extends Omit<Repaired, 'wrote'> {
  wrote: (Repaired['wrote'][number] | 'damage' | 'locks')[];
  /** Of its newest point; its UUID where none can be read. */
  name: string;
}

/**
 * Puts in order what of a repository needs no source, of one VM or of all, and says what a cycle must do.
 * Undefined when the manifests have mistakes, which were told.
 */
export async function repair(
  context: Context,
  vm: string | undefined,
  options: RepositoryOptions & CommonOptions & { rebuildHead?: boolean },
): Promise<{ vms: RepairedVm[]; lists: string[]; diagnostics: Diagnostic[] } | undefined> {
  const { repairVm } = await import('../../replication/cycle/repair.ts');
  return withRepositoryOpen(context, options, vm, async opened => {
    const { repository, clock, known } = opened;
    const vms: RepairedVm[] = [];
    const diagnostics: Diagnostic[] = [];
    for (const one of await toRepair(opened, vm)) {
      const name = (await one.newest(() => {}).catch(() => undefined))?.vm.name ?? one.uuid;
      const done = await repairVm(repository, one, {
        ...{ clock, random: context.io.host.random },
        rebuildHead: options.rebuildHead ?? false,
        ...(known && { seen: known.generations[one.uuid] ?? 0 }),
        step: async () => context.io.interrupt.throwIfAborted(),
      });
      const anew = await begunAnew(repository, one, name);
      vms.push({ ...done, wrote: [...done.wrote, ...anew.wrote], name });
      diagnostics.push(...anew.left);
      diagnostics.push(...leftOf(name, done));
    }
    const { mended, left } = await repairNotes(repository, context.io.interrupt);
    diagnostics.push(...left);
    return { vms, lists: mended, diagnostics };
  });
}

/**
 * What was known of a VM's damage and of its locks, where it is damaged itself: it says nothing any more. Who
 * may replicate may seldom write about locks.
 */
async function begunAnew(
  repository: OpenRepository,
  { uuid, damage }: VmRepository,
  name: string,
): Promise<{ wrote: RepairedVm['wrote']; left: Diagnostic[] }> {
  const locks = locksStore(vmContext(repository.context, uuid));
  const wrote: RepairedVm['wrote'] = [];
  const left: Diagnostic[] = [];
  const mend = async (what: 'damage' | 'locks', hint: string, work: () => Promise<boolean>) => {
    try {
      if (!(await work())) return;
      wrote.push(what);
      left.push({ ...forgot(name, what), severity: 'warning', hint });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      left.push(...error.diagnostics.map(one => ({ ...one, hint: one.hint ?? hint })));
    }
  };
  await mend('damage', 'run `converge verify`, which finds it again', async () => {
    let why: Failure | undefined;
    const known = await damage.read(failure => {
      why = failure;
    });
    return failedWith(why, 'damaged-object') && damage.write(NO_DAMAGE, known?.etag);
  });
  await mend(
    'locks',
    'run `converge repository extend-locks` where locks are declared: it asks the store about each',
    async () => {
      const held = await locks.read();
      return !!held && !held.record && !!(await locks.write(recordOf(0, new Map()), held.etag));
    },
  );
  return { wrote, left };
}

const forgot = (name: string, what: string): Diagnostic =>
  world(
    'repository-damaged',
    own`${name}: what was known of its ${what} could not be read, and is forgotten`,
  );

async function toRepair({ repository }: OpenedRepository, vm: string | undefined): Promise<VmRepository[]> {
  const uuids = await repository.enrolled(() => {});
  if (vm === undefined) return uuids.map(uuid => repository.vm(uuid));
  for (const uuid of uuids) {
    const one = repository.vm(uuid);
    const newest = await one.newest(() => {}).catch((_: Failure) => undefined);
    if ([uuid, newest?.vm.name].some(word => word?.toLowerCase() === vm.toLowerCase())) return [one];
  }
  return [await vmNamed(repository, vm, () => {})];
}

function leftOf(name: string, { head, pending, broken, isGone }: Repaired): Diagnostic[] {
  const said: Diagnostic[] = [];
  const of = { 'newer-known': newer, 'head-older': older, 'no-point': none, 'head-moved': moved } as const;
  if (isGone) said.push(gone(name));
  else if (head.left) said.push(of[head.left](name, head.generation ?? 0));
  if (pending.length > 0)
    said.push(
      world(
        'repository-damaged',
        own`${name}: ${plural(pending.length, 'object')} can only be stored again from the source: ${pending.join(', ')}`,
        { hint: own`run \`converge replicate ${name} PATHS\`, or apply; \`converge verify\` proves it then` },
      ),
    );
  if (broken.length > 0 && pending.length === 0)
    said.push(
      world('points-broken', own`${name}: these recovery points can't be restored: ${broken.join(', ')}`, {
        hint: 'no cycle can make them whole; where the bucket keeps versions, an older one of what `converge verify` names may be',
      }),
    );
  return said;
}

const newer = (name: string, generation: number): Diagnostic =>
  world(
    'newest-missing',
    own`${name}: its head can't be read, and it may have held a newer point than ${String(generation)}, the newest that can be read`,
    {
      hint: 'bring it back from an older version of the bucket; --rebuild-head goes on from that point and gives up what was newer',
    },
  );

const older = (name: string, generation: number): Diagnostic =>
  world(
    'head-rolled-back',
    own`${name}: its head is older than its newest point, ${String(generation)}: somebody put it back`,
    { hint: '--rebuild-head makes it from that point' },
  );

const none = (name: string): Diagnostic =>
  world('point-missing', own`${name}: no point of it can be read, so its head can't be made from one`, {
    hint: 'bring its objects back from an older version of the bucket or a copy',
  });

const gone = (name: string): Diagnostic =>
  world('point-missing', own`${name}: the repository has listed it, and nothing of it is here any more`, {
    hint: 'bring its folder back from older versions of the bucket or a copy; the next cycle of the VM starts with a first point',
  });

const moved = (name: string): Diagnostic =>
  world('list-changed', own`${name}: somebody else wrote its head meanwhile`, { hint: 'run again' });

/** What each is from now on, besides what could be read of it. */
const lists = [
  [holds, 'every VM is held, since any may have been: `converge hold VM --release` ends that of one'],
  [
    pins,
    'every VM is held, since a point that was pinned last is not known: pin it anew, and end that by `converge hold VM --release`',
  ],
  [
    pauses,
    'a pause that was begun last is lost: `converge status` shows those that are left. A VM that may be failed over is left alone until `converge resume VM PATHS`',
  ],
  [retentions, 'the next apply declares anew what is missing'],
  [covers, 'the next snapshots are noted anew'],
] as const;

/** Puts in order what a repository says about all its VMs, and tells what of it can't be. */
async function repairNotes(
  repository: OpenRepository,
  signal: AbortSignal,
): Promise<{ mended: string[]; left: Diagnostic[] }> {
  const mended: string[] = [];
  const left: Diagnostic[] = [];
  for (const [list, hint] of lists) {
    if (!(await list.mend(repository))) continue;
    mended.push(list.name);
    left.push({
      ...world(
        'records-rewritten',
        own`the newest record of ${list.name} was damaged: it goes on from the newest that can be read`,
        { hint },
      ),
      severity: 'warning',
    });
  }
  for (const key of await damagedRecords(repository.context, signal))
    left.push(
      world('repository-damaged', own`${key} is damaged, and can't be written anew from here`, {
        hint: wayOut(key),
      }),
    );
  return { mended, left };
}

/** Who writes it anew, if anybody. */
function wayOut(key: string): string {
  const copy = 'an older version of the bucket, or a copy, may have it whole';
  if (key === `${BOARD}alerts`) return 'an agent that watches the repository writes it anew at its next look';
  if (key.startsWith(`${BOARD}movers/`))
    return 'its agent writes it anew; one that is gone for good is forgotten by `converge prune`';
  if (key.startsWith(BOARD)) return `what it tells about the past is lost, and nothing else; ${copy}`;
  return `\`converge apply\` writes what is declared anew above it; of a run, ${copy}`;
}
