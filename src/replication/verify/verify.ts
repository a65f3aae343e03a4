import type { Progress } from '../../engine/model/io.ts';
import { isVmKey, OBJECT_ID_BYTES, ROSTER, type VmNames, vmNames } from '../format/names.ts';
import type { Root } from '../format/root.ts';
import type { Level } from '../model/check-memory.ts';
import { isUnreadable } from '../model/damage.ts';
import type { DamageRecord } from '../model/damage-record.ts';
import { damageStore } from '../repository/damage-store.ts';
import type { OpenRepository } from '../repository/open-repository.ts';
import { type PointName, pointNames, readHead, readPoint } from '../repository/read/points.ts';
import { rangeReader } from '../repository/read/ranges.ts';
import type { Context, VmContext } from '../repository/read/repository-context.ts';
import { checkRecords, followBundles } from './besides.ts';
import type { Sample } from './choose.ts';
import { explainFolder, findStrangers } from './explain.ts';
import { checkFolder, type Depth } from './folder.ts';
import { goingOn } from './going-on.ts';
import { noteDamage } from './note-damage.ts';
import { packFooters } from './pack-footers.ts';
import { followPoints } from './references.ts';
import { remember } from './remember.ts';
import { type Findings, findings, type VerifiedPoint, type VerifyReport } from './report.ts';
import { chosenPacks } from './sampled.ts';

export type { Mended, Problem, VerifiedPoint, VerifyReport } from './report.ts';

export interface VerifyOptions {
  /** UUID of the one VM to verify; all without it. */
  vm?: string;
  /** How deep it looks; without it, at all there is. */
  level?: Level;
  /** At level `sample`, how much of the packs is read. */
  sample?: Sample;
  /** Writes what it finds down in the repository; `at` is now, ms since the epoch. */
  note?: { at: number };
  /** The highest generations that were seen before, by UUID. */
  seen?: Readonly<Record<string, number>>;
  progress?: (progress: Progress) => void;
  signal?: AbortSignal;
}

/**
 * Reads every object of the repository (or of one VM) and follows every point down to its blocks; of packs
 * only what the level says. Of what it reads it finds each changed, missing or truncated byte, and names the
 * points that can't be restored because of it. Memory doesn't grow with the size of the disks but by a page
 * table.
 */
export async function verify(repository: OpenRepository, options: VerifyOptions = {}): Promise<VerifyReport> {
  const context = { ...repository.context, store: goingOn(repository.store) };
  const checked = { objects: 0, bytes: 0 };
  const level = options.level ?? 'full';
  const report: VerifyReport = {
    ...{ level, points: [], problems: [], notes: [], unnoted: [], checked },
    packs: { there: 0, bytes: 0, read: 0, bytes_read: 0, bytes_needed: 0, bytes_read_in_30_days: 0 },
    orphans: { objects: 0, bytes: 0 },
  };
  const found = findings();
  if (!options.vm) {
    await findStrangers(context.store, found);
    await checkRecords(context, found, report.checked, options.signal);
  }
  const keys = options.vm ? [context.vault.vmKey(options.vm)] : await vmKeys(context);
  const sample = options.sample ?? DEFAULT_SAMPLE;
  const chosen =
    level === 'sample' ? await chosenPacks(context, keys, sample, options.note?.at) : new Set<string>();
  for (const vmKey of keys) await verifyVm(context, vmKey, found, report, options, { level, chosen });
  if (!options.vm)
    for (const uuid of Object.keys(options.seen ?? {})) {
      const { folder } = vmNames(context.vault.vmKey(uuid));
      if (!keys.includes(folder.split('/')[1]!))
        found.add(
          'missing',
          folder,
          `nothing is left of the VM ${uuid}, which had recovery points when it was last seen from here`,
        );
    }
  report.problems = found.all();
  return report;
}

const ID_DIGITS = 2 * OBJECT_ID_BYTES;
const DEFAULT_SAMPLE: Sample = { percent: 5 };

/**
 * From the folders and from the roster: either may have lost one. What isn't one of ours is found elsewhere.
 */
async function vmKeys({ store }: Context): Promise<string[]> {
  const keys = new Set<string>();
  for await (const { key } of store.list('vms/')) keys.add(key.split('/')[1]!);
  for await (const { key } of store.list(ROSTER)) keys.add(key.slice(ROSTER.length));
  return [...keys].filter(isVmKey).sort();
}

async function verifyVm(
  context: Context,
  vmKey: string,
  found: Findings,
  report: VerifyReport,
  options: VerifyOptions,
  depth: Depth,
) {
  const names = vmNames(vmKey);
  const vm: VmContext = { ...context, uuid: '', names, ranges: rangeReader(context.store) };
  const footers = packFooters(vm);
  const folder = await checkFolder(vm, footers, found, report, depth, options);
  // In this order: a commit that ends meanwhile shows in the head, and never makes the head look old.
  const listed = await pointNames(vm);
  const head = (await whole(readHead(vm)))?.root;
  const { points, lost } = await checkChain(vm, listed, head, found, report);
  const rootOf = (name: PointName) => (head?.point.id === name.id ? head : whole(readPoint(vm, name)));
  // The reader's own choice of the index: that of the newest point that can be read.
  const last = points.at(-1);
  const newest = last && !(head && head.point.generation >= last.generation) ? await rootOf(last) : head;
  const usedPacks = new Map<string, number>();
  const follow =
    newest && followPoints(vm, newest.segments, footers, found, usedPacks, { ...folder, level: depth.level });
  const roots: Root[] = [];
  for (const name of points) {
    options.signal?.throwIfAborted();
    const root = await rootOf(name);
    if (!root) continue;
    await follow?.(root);
    // Its page tables may be megabytes.
    roots.push({ ...root, disks: [] });
  }
  await followBundles(vm, roots, found);
  await explainFolder(
    vm,
    folder,
    roots,
    listed,
    new Set(usedPacks.keys()),
    options.seen ?? {},
    found,
    report,
  );
  const needed = new Set([
    ...[...usedPacks.keys()].map(names.pack),
    ...roots.flatMap(root => [...root.pagesObjects.keys()].map(names.pages)),
    ...(newest?.segments ?? []).map(({ generation, id }) => names.index(generation, id)),
  ]);
  const known = await damageStore(vm).read(() => {});
  const attended = known?.record?.objects.filter(one => one.attended !== undefined) ?? [];
  const settled = new Set(attended.map(({ object }) => names.folder + object));
  const { level } = depth;
  const isLooked = (object: string) =>
    level === 'full' || !object.startsWith('packs/') || folder.read.has(object.slice(-ID_DIGITS));
  let record = known?.record;
  if (options.note) {
    const noted = await noteDamage(vm, known, found, [...listed, ...points], isLooked, options.note.at);
    report.unnoted.push(...(noted.failure?.diagnostics ?? []));
    record = noted.after;
  }
  await remember(vm, { ...folder, needed: usedPacks }, found, report, options.note?.at);
  dropUnneeded(names, needed, settled, found, report);
  if (known?.record) addKnown(names, known.record, isLooked, found);
  sayWhoMends(names, record, found);
  // What is lost has no other place where its VM is named.
  const unread = points[0] ? lost.map(name => ({ ...name, vm: points[0]!.vm })) : [];
  const all = [...points, ...unread].sort((a, b) => a.generation - b.generation);
  const problems = found.all();
  for (const point of all) {
    const against = problems.filter(({ breaks }) => breaks.includes(point.id));
    const isUnchecked = against.length > 0 && against.every(({ kind }) => kind === 'unreadable');
    report.points.push({
      ...{ ...point, whole: against.length === 0 },
      ...(isUnchecked && { unchecked: true as const }),
    });
  }
}

/** What was known before and wasn't looked at now has lost nothing of its truth. */
function addKnown(
  { folder }: VmNames,
  { objects, broken }: DamageRecord,
  isLooked: (object: string) => boolean,
  found: Findings,
): void {
  for (const { object, why, attended } of objects) {
    if (isLooked(object) || (attended !== undefined && broken.length === 0)) continue;
    const message = `${folder}${object} was found ${why} before, and this run didn't read it`;
    const problem = found.of(folder + object) ?? found.add(why, folder + object, message);
    // Which of its objects breaks a point isn't in the record.
    for (const { id } of broken) problem.breaks.add(id);
  }
}

/** A cycle stores again what is in packs, pages and index objects, and none makes an older point again. */
function sayWhoMends(names: VmNames, record: DamageRecord | undefined, found: Findings): void {
  const known = new Map(record?.objects.map(one => [names.folder + one.object, one]));
  for (const { object, kind } of found.objects()) {
    const problem = found.of(object)!;
    const noted = known.get(object);
    if (kind === 'rolled-back' && object === names.head) problem.mended = 'rebuild';
    else if (noted && kind !== 'unreadable' && !object.startsWith(names.points))
      problem.mended = noted.attended === undefined ? 'cycle' : 'by-cycle';
  }
}

/**
 * What is damaged and needed by no point is nobody's trouble: what was stored again elsewhere, or `settled`,
 * which a cycle has attended to.
 */
function dropUnneeded(
  { folder }: VmNames,
  needed: ReadonlySet<string>,
  settled: ReadonlySet<string>,
  found: Findings,
  report: VerifyReport,
): void {
  const parts = new RegExp(`^${folder}(packs|pages|index)/`);
  for (const { object, kind, breaks, places, sections } of found.objects()) {
    const isUnneeded = settled.has(object) || (places.size === 0 && (sections || !needed.has(object)));
    if (parts.test(object) && kind === 'damaged' && breaks.size === 0 && isUnneeded) {
      found.drop(object);
      report.notes.push(`${object} is damaged, and no point needs what is damaged of it`);
    }
  }
}

/**
 * The points there are, in ascending generation, and the lost ones; what is missing in their chain and at the
 * head.
 */
async function checkChain(
  vm: VmContext,
  listed: PointName[],
  head: Root | undefined,
  found: Findings,
  report: VerifyReport,
): Promise<{ points: Omit<VerifiedPoint, 'whole'>[]; lost: PointName[] }> {
  const { names, store } = vm;
  const points: Omit<VerifiedPoint, 'whole'>[] = [];
  const lost: PointName[] = [];
  const ids = new Set(listed.map(p => p.id));
  const present = async ({ generation, id }: PointName) =>
    ids.has(id) || !!(await store.head(names.point(generation, id)));
  const look = async (root: Root) => {
    const { id, generation, time, vm: of } = root.point;
    points.push({ id, generation, time, vm: of });
    const before = root.previous;
    if (!before || (await present(before))) return;
    if (await store.head(names.removal(before.generation, before.id))) return;
    const key = names.point(before.generation, before.id);
    found
      .add('missing', key, `the recovery point ${key} is missing, and nothing says that it was removed`)
      .breaks.add(before.id);
    lost.push(before);
  };
  for (const name of listed) {
    const root = (await whole(readPoint(vm, name))) ?? (head?.point.id === name.id ? head : undefined);
    if (root) await look(root);
    else {
      found.of(names.point(name.generation, name.id))?.breaks.add(name.id);
      lost.push(name);
    }
  }
  if (head && !ids.has(head.point.id)) {
    await look(head);
    if (!(await present(head.point)))
      report.notes.push(
        `${names.head} holds a point that has no object of its own yet; the next replication writes it, or says what is in its place`,
      );
  }
  const newest = Math.max(0, ...points.map(({ generation }) => generation));
  if (head && newest > head.point.generation)
    found.add(
      'rolled-back',
      names.head,
      `${names.head} names generation ${head.point.generation}, but there is a point of generation ${newest}`,
    );
  if (listed.length > 0 && !(await store.head(names.head)))
    found.add('missing', names.head, `${names.head} is missing; the points can be restored without it`);
  if (listed.length > 0 && !(await store.head(names.roster)))
    found.add(
      'missing',
      names.roster,
      `${names.roster} is missing: the VM isn't listed, but can be restored by its UUID`,
    );
  return { points: points.sort((a, b) => a.generation - b.generation), lost };
}

/** Undefined for what can't be read: that was found before, object by object. */
async function whole<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return undefined;
  }
}
