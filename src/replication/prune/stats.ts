import { vmNames } from '../format/names.ts';
import { untilOf } from '../model/object-lock.ts';
import type { VmRepository } from '../model/repository.ts';
import { locksStore } from '../repository/locks-store.ts';
import type { OpenRepository } from '../repository/open-repository.ts';
import { rangeReader } from '../repository/read/ranges.ts';
import type { VmContext } from '../repository/read/repository-context.ts';
import { whatIsNeeded } from './needed.ts';
import { lookAtVm } from './prune-vm.ts';
import { sparsePacks } from './sparse-packs.ts';
import { listParts, packOf } from './sweep.ts';
import { GRACE } from './work.ts';

/** What a repository holds of one VM; sizes in bytes. */
export interface VmStats {
  /** Those that are listed, and those that are being removed. */
  points: number;
  leaving: number;
  /** Of packs, pages, index objects, bundles and points, all together. */
  bytes: number;
  /** What points need of it, those that are being removed included. */
  live: number;
  /** What nothing needs: objects, and parts of packs. */
  dead: number;
  /** What of `dead` goes once packs are written anew of which less than half is needed. */
  compactable: number;
  /** What more than one point needs of `live`. */
  shared: number;
  /** Bytes that are known to be locked, and until when the last of them is, ms since the epoch. */
  locked?: { bytes: number; until: number };
}

/**
 * Adds up what a VM's points need of what is there. Reads all of their maps, and changes nothing.
 *
 * @throws Failure `prune-doubt` where it can't be told
 */
export async function statsOf(
  { context: whole }: Pick<OpenRepository, 'context'>,
  vm: VmRepository,
  now: number,
  signal?: AbortSignal,
): Promise<VmStats> {
  const { uuid } = vm;
  const names = vmNames(whole.vault.vmKey(uuid));
  const context: VmContext = { ...whole, uuid, names, ranges: rangeReader(whole.store) };
  const work = await lookAtVm(context, vm, {
    ...{ policy: undefined, grace: GRACE, dry: true, now },
    pins: async () => new Map(),
    step: async () => {},
    ...(signal && { signal }),
  });
  const removing = new Set(work.record.removing);
  const { seen } = work;
  // All points alike: those that are being removed take their place until they are gone.
  const needed = await whatIsNeeded(
    {
      ...work,
      record: {
        ...work.record,
        removing: [],
        points: seen.points,
      },
    },
    true,
  );
  const parts = await listParts(context);
  const untils = untilOf((await locksStore(context).read())?.record);
  const locked = parts.filter(({ object }) => (untils.get(object) ?? 0) > now);
  let live = seen.points.reduce((sum, { size }) => sum + size, 0);
  const bytes = parts.reduce((sum, { size }) => sum + size, live);
  for (const { object, size } of parts) {
    const pack = packOf(object);
    if (pack === undefined) live += needed.kept.has(object) ? size : 0;
    // Header, footer and trailer go with what is in it.
    else live += Math.min(size, needed.packs.get(pack) ?? 0);
  }
  const leaving = seen.points.filter(({ id }) => removing.has(id)).length;
  return {
    points: seen.points.length - leaving,
    leaving,
    ...(locked.length > 0 && {
      locked: {
        bytes: locked.reduce((sum, { size }) => sum + size, 0),
        until: Math.max(...locked.map(({ object }) => untils.get(object)!)),
      },
    }),
    ...{ bytes, live, dead: bytes - live, shared: await needed.shared() },
    compactable: sparsePacks(parts, needed.leads).reduce((sum, one) => sum + one.size - one.live, 0),
  };
}
