import { bytes, plural } from '../../io/units.ts';
import { decodeLease, LEASE_CAP } from '../format/lease.ts';
import { CONFIG, OBJECT_ID_BYTES, parseNumbered, RECOVERY, ROSTER, type VmNames } from '../format/names.ts';
import type { Root } from '../format/root.ts';
import { openObject } from '../format/sealing.ts';
import type { LeaseValue } from '../model/lease-value.ts';
import type { ObjectStore } from '../model/store.ts';
import type { PointName } from '../repository/read/points.ts';
import type { VmContext } from '../repository/read/repository-context.ts';
import type { Findings, VerifyReport } from './report.ts';

/** What is in a VM's folder, as it was listed. */
export interface Folder {
  names: VmNames;
  enrolled: boolean;
  /** Sizes in bytes by id. */
  packs: Map<string, number>;
  pages: Map<string, number>;
  bundles: Map<string, number>;
  /** The same by key. */
  index: Map<string, number>;
  /** Ids of the packs that were asked for, and of those of them whose bytes were read. */
  asked: Set<string>;
  read: Set<string>;
}

/**
 * What no single object shows: points that are gone though something tells of them, and objects that nothing
 * refers to. What a cycle that runs or died leaves is a note: a lease says that there was one.
 */
export async function explainFolder(
  context: VmContext,
  { names, enrolled, packs, pages, index, bundles }: Folder,
  roots: readonly Root[],
  listed: readonly PointName[],
  usedPacks: ReadonlySet<string>,
  seen: Readonly<Record<string, number>>,
  found: Findings,
  report: VerifyReport,
): Promise<void> {
  // One that can't be read is there all the same, and was found damaged.
  const there = [...roots.map(({ point }) => point), ...listed];
  const newest = Math.max(0, ...there.map(({ generation }) => generation));
  const lease = await leaseOf(context);
  const uuid = Object.keys(seen).find(one => context.vault.vmKey(one) === names.folder.split('/')[1]);
  const indexed = Math.max(0, ...[...index.keys()].map(key => parseNumbered(key)?.generation ?? 0));
  // A cycle writes index objects of one generation, the next, before its head.
  const told: [number, string][] = [
    [lease?.generation ?? 0, 'its lease tells of'],
    [(uuid !== undefined && seen[uuid]) || 0, 'there was before, as was seen from here,'],
    [indexed - 1, 'its index objects tell of'],
  ];
  const [generation, who] = told.reduce((best, one) => (one[0] > best[0] ? one : best));
  const holdsParts = packs.size + pages.size + index.size > 0;
  if (generation > newest)
    found.add(
      'rolled-back',
      names.points,
      newest === 0
        ? `${names.folder} holds no recovery point, and ${who} generation ${generation}: all were removed`
        : `${names.folder} ends with generation ${newest}, and ${who} generation ${generation}: newer points were removed, or an older state was put back`,
    );
  else if (newest === 0 && enrolled && lease?.generation !== 0)
    found.add('missing', names.points, `the VM of ${names.roster} is enrolled and has no recovery point`);
  else if (newest === 0 && holdsParts && !lease)
    found.add(
      'unexplained',
      names.folder,
      `${names.folder} holds neither a point nor a lease, and nothing explains what is there`,
    );
  const usedPages = new Set(roots.flatMap(root => [...root.pagesObjects.keys()]));
  const usedIndex = new Set(roots.flatMap(root => root.segments.map(s => names.index(s.generation, s.id))));
  const usedBundles = new Set(roots.flatMap(({ point }) => (point.bundle ? [point.bundle.id] : [])));
  const unneeded = (all: ReadonlyMap<string, number>, used: ReadonlySet<string>) =>
    [...all].flatMap(([one, size]) => (used.has(one) ? [] : [size]));
  const unused = [
    ...unneeded(packs, usedPacks),
    ...unneeded(pages, usedPages),
    ...unneeded(index, usedIndex),
    ...unneeded(bundles, usedBundles),
  ];
  const size = unused.reduce((sum, one) => sum + one, 0);
  report.orphans.objects += unused.length;
  report.orphans.bytes += size;
  if (unused.length > 0)
    report.notes.push(
      `${plural(unused.length, 'object')} in ${names.folder}, ${bytes(size)}, ${unused.length === 1 ? 'is' : 'are'} needed by no point that can be read: a cycle left them when it died or is writing them, or a pruner is about to remove them`,
    );
}

async function leaseOf({ store, vault, names }: VmContext): Promise<LeaseValue | undefined> {
  try {
    const object = await store.get(names.lease);
    return (
      object && decodeLease(names.lease, openObject(vault, 'lease', names.lease, object.bytes, LEASE_CAP))
    );
  } catch {
    return undefined; // damaged: found object by object
  }
}

/**
 * Every object has to be one that the format knows. Those in folders of VMs, and records, are looked at with
 * these.
 */
export async function findStrangers(store: ObjectStore, found: Findings): Promise<void> {
  const hex = `[0-9a-f]{${2 * OBJECT_ID_BYTES}}`;
  const known = new RegExp(`^(${CONFIG}|${ROSTER}${hex}|vms/${hex}/.*|${RECOVERY}.*)$`, 's');
  for await (const { key } of store.list('')) if (!known.test(key)) stranger(key, found);
}

export const stranger = (key: string, found: Findings): void =>
  void found.add(
    'unexplained',
    key,
    `${JSON.stringify(key)} is not an object of this repository, and nothing explains it`,
  );
