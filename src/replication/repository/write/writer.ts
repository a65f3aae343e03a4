import { type Diagnostic, Failure, failedWith, world } from '../../../diagnostics/diagnostic.ts';
import { own } from '../../../diagnostics/own-words.ts';
import type { PageRefs } from '../../format/page-map.ts';
import { encodeRoot, type Root, type Segment } from '../../format/root.ts';
import { SALT_BYTES, sealObject } from '../../format/sealing.ts';
import { comparesWrongly } from '../../model/conditions.ts';
import { isUnreadable } from '../../model/damage.ts';
import type { Doubts } from '../../model/damage-record.ts';
import type { Point, PointDisk } from '../../model/point.ts';
import type { OrphanedPack, PointWriter } from '../../model/point-writer.ts';
import type { Head } from '../../model/repository.ts';
import { newestRoot, openRoot, type PointName, pointNames, readHead, readPoint } from '../read/points.ts';
import { type Relocated, relocate } from '../read/relocate.ts';
import { newId, type VmContext } from '../read/repository-context.ts';
import { enrol } from '../read/roster.ts';
import { type BundleWish, writeBundle } from './bundle-writer.ts';
import { claimedPacks } from './claimed-packs.ts';
import { type Session, type Step, session } from './commit-session.ts';
import { diskWriter, type Parts } from './disk-writer.ts';
import { indexWriter } from './index-writer.ts';
import { mendMaps } from './mend-maps.ts';
import { packWriter } from './pack-writer.ts';
import { harmReader, segmentsInUse } from './page-harm.ts';
import { pagesWriter } from './pages-writer.ts';
import { remembered } from './remembered.ts';
import { noteRelocated, segmentsThere } from './segments-there.ts';

/** Blocks. */
const REMEMBERED = 2 ** 16;
const NOTHING: Relocated = new Map();

interface Base {
  head: Head;
  etag: string;
}
type Content = Omit<Point, 'id' | 'generation' | 'disks' | 'bundle'>;
interface WriterOptions {
  known: Root | undefined;
  step?: Step | undefined;
  after?: number | undefined;
  doubts?: Doubts | undefined;
  claimed?: OrphanedPack[] | undefined;
  names?: PointName[] | undefined;
}
interface Begun {
  disk: PointDisk;
  number: number;
  finish(): Promise<PageRefs[]>;
}

/**
 * Begins a commit on top of `base`. `known`: a root that was read lately, used when it is the base's.
 * `step` is awaited before each pack that is written while blocks are put. `after`: a generation that is
 * known to have been, though its point is gone. `doubts`: what must not be taken as stored. `claimed`:
 * packs of dead cycles, whose blocks are. `names`: of the points, where they were just seen.
 */
export async function openWriter(
  context: VmContext,
  base: Base | undefined,
  { known, step = async () => {}, after = 0, doubts, claimed = [], names }: WriterOptions,
): Promise<PointWriter> {
  const root = await rootBelow(context, base, known);
  const lost = base ? await lostAbove(context, base, names ?? (await pointNames(context))) : 0;
  const generation = Math.max(root?.point.generation ?? 0, after, lost) + 1;
  const work = session(context, generation, step);
  const segments = segmentsInUse(context, root, doubts);
  const relocated = doubts?.index && !doubts.all ? await relocate(context, segments, doubts) : NOTHING;
  const parts: Parts = {
    session: work,
    packs: packWriter(work),
    pages: pagesWriter(work),
    index: indexWriter(work),
    stored: remembered(REMEMBERED),
    harm: harmReader(context, root, doubts, segments, relocated),
    claimed: await claimedPacks(context, claimed, doubts),
    remade: new Map(),
  };
  noteRelocated(parts, relocated);
  const begun: Begun[] = [];
  let nextNumber = root?.nextNumber ?? 0;
  let bundle: BundleWish = { content: undefined, isBelieved: () => false };

  return {
    totals: work.totals,
    bundle(content, look = true) {
      const isBelieved = (object: string) => !look && !doubts?.section(object);
      bundle = { content, isBelieved };
    },
    async disk(disk, from, more) {
      const source =
        from && root?.disks.find(({ disk: d }) => d.index === from.index && d.identity === from.identity);
      if (from && (!source || source.disk.blockSize !== disk.blockSize))
        throw new RangeError(`disk ${disk.index} can't be based on ${from.identity} of the head's point`);
      const number = source ? source.number : nextNumber++;
      const writer = diskWriter(
        parts,
        disk,
        number,
        source && root ? { root, disk: source.disk } : undefined,
        more,
      );
      begun.push({ disk, number, finish: writer.finish });
      return writer;
    },
    async *doubted(disk) {
      const found = root?.disks.find(({ disk: d }) => d.index === disk.index && d.identity === disk.identity);
      if (found) yield* parts.harm.blocks(found);
    },
    async commit(point, commitStep, signal, moving) {
      work.step = commitStep;
      signal?.throwIfAborted();
      const there = await segmentsThere(parts, segments);
      const made = await writeParts(parts, root, there.segments, begun, nextNumber, { point, bundle });
      signal?.throwIfAborted();
      await parts.claimed.demandTaken();
      if (base && root) await settle(work, root);
      const maps =
        root && doubts
          ? await mendMaps(work, parts.pages, { before: root, made, doubts }, parts.remade)
          : { mended: [], lost: [] };
      await moving?.before();
      if (!(await moveHead(work, made, base?.etag))) return 'lost-race';
      moving?.after();
      const warnings = await settle(work, made).then(() => [], unsettled(made));
      return {
        ...{ point: made.point, totals: work.totals, maps },
        warnings: [...there.warnings, ...warnings],
      };
    },
  };
}

/**
 * The root that the commit rests on: the base's, or without a base the newest that can be found, so
 * that generations, disk numbers and the index go on even when the head was lost.
 */
async function rootBelow(
  context: VmContext,
  base: Base | undefined,
  known: Root | undefined,
): Promise<Root | undefined> {
  if (!base) return newestRoot(context);
  const name = { generation: base.head.generation, id: base.head.point };
  if (known?.point.id === name.id) return known;
  const head = await readHead(context);
  if (head?.root.point.id === name.id) return head.root;
  return readPoint(context, name);
}

/**
 * The highest generation under `points/` above the head's whose object is damaged, else 0: such a point was
 * given up when the head was made anew, and its name isn't used again.
 *
 * @throws Failure `head-rolled-back`: a head that is older than a complete point was put back by somebody,
 *   and building on it would hide points
 */
async function lostAbove(
  context: VmContext,
  { head, etag }: Base,
  points: readonly PointName[],
): Promise<number> {
  const { store, names } = context;
  const above = points.filter(({ generation }) => generation > head.generation);
  for (const name of above.toReversed()) {
    if (await isDamaged(readPoint(context, name))) continue;
    if ((await store.head(names.head))?.etag !== etag) return 0; // it just moved: the race is lost
    const key = names.point(name.generation, name.id);
    throw new Failure(
      world('head-rolled-back', `${names.head} names generation ${head.generation}, but ${key} is newer`, {
        hint: 'somebody put an older head back: `converge repair VM PATHS --rebuild-head` makes it from the newest point',
      }),
    );
  }
  return above.at(-1)?.generation ?? 0;
}

async function isDamaged(read: Promise<unknown>): Promise<boolean> {
  try {
    await read;
    return false;
  } catch (error) {
    if (!failedWith(error, 'damaged-object')) throw error;
    return true;
  }
}

async function writeParts(
  { packs, pages, index, session: work }: Parts,
  root: Root | undefined,
  inUse: Segment[],
  begun: Begun[],
  nextNumber: number,
  { point, bundle }: { point: Content; bundle: BundleWish },
): Promise<Root> {
  const disks: Root['disks'] = [];
  for (const { disk, number, finish } of begun) disks.push({ disk, number, pages: await finish() });
  await packs.flush();
  const written = await pages.flush();
  const segments = await index.finish(inUse);
  const locked = work.context.lock?.();
  const stored = await writeBundle(work, bundle, root?.point.bundle);
  const pagesObjects = new Map<string, number>();
  for (const ref of disks.flatMap(d => d.pages).flatMap(p => (p.base ? [p.base, ...p.deltas] : p.deltas)))
    pagesObjects.set(ref.object, written.get(ref.object) ?? root!.pagesObjects.get(ref.object)!);
  return {
    point: {
      id: newId(work.context),
      generation: work.generation,
      ...point,
      ...(stored !== undefined && { bundle: stored }),
      stored: work.totals.bytes_uploaded,
      ...(locked && { locked: locked.until }),
      disks: disks.map(d => d.disk),
    },
    previous: root && { generation: root.point.generation, id: root.point.id },
    disks,
    nextNumber,
    pagesObjects,
    segments,
  };
}

/** The moment a point becomes complete. False: somebody else moved the head. */
async function moveHead(work: Session, root: Root, etag: string | undefined): Promise<boolean> {
  const { context } = work;
  const { store, vault, names, random } = context;
  if (root.previous === undefined) {
    await work.step('roster');
    work.totals.bytes_uploaded += await enrol(context, context.uuid);
  }
  const bytes = sealObject(vault, 'head', names.head, random.bytes(SALT_BYTES), encodeRoot(root));
  await work.step('head');
  try {
    const put = await store.put(names.head, bytes, {
      when: etag === undefined ? { ifNoneMatch: '*' } : { ifMatch: etag },
    });
    if (!put.ok && !(await isOurs(context, root, etag))) return false;
  } catch (error) {
    if (!failedWith(error, 'answer-lost') || !(await isOurs(context, root, undefined))) throw error;
  }
  work.totals.bytes_uploaded += bytes.length;
  return true;
}

/**
 * After a refusal or a lost answer: an earlier try of ours may have gone through. `refused`: the ETag that
 * was asked for and isn't there any more, as the store says.
 */
async function isOurs(context: VmContext, { point }: Root, refused: string | undefined): Promise<boolean> {
  let head: Awaited<ReturnType<typeof readHead>>;
  try {
    head = await readHead(context);
  } catch (cause) {
    throw new Failure(
      world(
        'commit-unknown',
        own`point ${point.id} may be complete: the answer to its commit was lost, and asking again failed: ${messageOf(cause)}`,
        { hint: own`\`converge points\` tells; the next replication goes on from whatever is complete` },
      ),
      { cause },
    );
  }
  if (refused !== undefined && head?.etag === refused) throw comparesWrongly(refused);
  return head?.root.point.id === point.id;
}

/** The head holds the whole point and the next commit settles it: a store that fails now costs nothing. */
const unsettled =
  ({ point }: Root) =>
  (error: unknown): Diagnostic[] => {
    if (!(error instanceof Failure)) throw error;
    return error.diagnostics.map(diagnostic => ({
      ...diagnostic,
      severity: 'warning',
      message: `point ${point.id} is complete, but its copy under points/ was not written; the next replication does it: ${diagnostic.message}`,
    }));
  };

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/**
 * Writes the head's point under `points/` unless it is there, whole. A commit does so for its own point, and
 * before it moves the head for the one it rests on: so all but the head's point surely are there, and what
 * became of one while the head still had its copy is put right.
 */
export async function settle(work: Session, root: Root): Promise<void> {
  const { vault, names, random } = work.context;
  const { generation, id } = root.point;
  const key = names.point(generation, id);
  const harmed = generation < work.generation ? await harmIn(work.context, key) : 'missing';
  if (harmed === undefined) return;
  // A salt of its own, thus a key of its own: what the next writer seals in its place may differ.
  const content = encodeRoot({ ...root, suspended: false });
  const bytes = sealObject(vault, 'point', key, random.bytes(SALT_BYTES), content);
  if (harmed === 'missing') return work.put('point', key, bytes);
  await work.step('point');
  const lock = work.context.lock?.();
  const put = await work.context.store.put(key, bytes, {
    when: { ifMatch: harmed.etag },
    ...(lock && { lock }),
  });
  if (!put.ok) throw harmed.failure;
  work.totals.bytes_uploaded += bytes.length;
}

/** Undefined when the object of a point is whole, or is of no concern to whoever can't read it. */
async function harmIn(
  context: VmContext,
  key: string,
): Promise<'missing' | { etag: string; failure: unknown } | undefined> {
  const { store, vault } = context;
  let etag: string | undefined;
  try {
    const found = await store.get(key);
    if (!found) return 'missing';
    etag = found.etag;
    openRoot(vault, 'point', key, found.bytes);
    return undefined;
  } catch (failure) {
    if (etag !== undefined && failedWith(failure, 'damaged-object')) return { etag, failure };
    if (isUnreadable(failure)) return undefined;
    throw failure;
  }
}
