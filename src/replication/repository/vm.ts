import type { Failure } from '../../diagnostics/diagnostic.ts';
import { decodeLease, LEASE_CAP } from '../format/lease.ts';
import { parseNumbered, vmNames } from '../format/names.ts';
import type { Root } from '../format/root.ts';
import { openObject, SALT_BYTES, sealObject } from '../format/sealing.ts';
import { damaged } from '../model/damage.ts';
import type { Point } from '../model/point.ts';
import type { Head, VmRepository } from '../model/repository.ts';
import { checkMemoryStore } from './check-memory-store.ts';
import { damageStore, knownBroken } from './damage-store.ts';
import { removing, unmarked } from './pruning-store.ts';
import { readBundle } from './read/bundles.ts';
import { diskReader } from './read/disk-reader.ts';
import { readMade } from './read/made.ts';
import { orphanedPacks } from './read/orphaned-packs.ts';
import {
  allRoots,
  type PointName,
  pointNames,
  readable,
  readHead,
  readNewest,
  readPoint,
} from './read/points.ts';
import { lookForMaps } from './read/presence.ts';
import { rangeReader } from './read/ranges.ts';
import { readHistory } from './read/read-history.ts';
import type { Context, VmContext } from './read/repository-context.ts';
import { fenceHead } from './write/fence-head.ts';
import { openWriter } from './write/writer.ts';

/** What the parts of a repository that are about one VM work with. */
export const vmContext = (context: Context, uuid: string): VmContext => ({
  ...context,
  uuid,
  names: vmNames(context.vault.vmKey(uuid)),
  ranges: rangeReader(context.store),
});

/** A VM's part of an open repository; `uuid` need not be known to it yet. */
export function vmRepository({ store, vault, random, lock }: Context, uuid: string): VmRepository {
  const names = vmNames(vault.vmKey(uuid));
  const context: VmContext = { store, vault, random, lock, uuid, names, ranges: rangeReader(store) };
  // The root that was read last: a cycle reads the head, its point, its disks and a writer in a row.
  let last: Root | undefined;
  let suspended = true;
  let headPutBack = false;
  /** Names of points as they were just seen, for the writer that is opened next. */
  let listed: PointName[] | undefined;

  const rootOf = async (id: string): Promise<Root | undefined> => {
    if (last?.point.id === id) return last;
    const name = (await pointNames(context)).find(n => n.id === id);
    const damage: Failure[] = [];
    const named = name && (await readable(readPoint(context, name), failure => damage.push(failure)));
    // The head holds its point whole: a copy under `points/` that can't be read costs nothing.
    const root = named ?? (await readable(readHead(context), damage[0] && (() => {})))?.root;
    if (root?.point.id === id) {
      last = root;
      return root;
    }
    if (damage[0]) throw damage[0];
    return undefined;
  };

  return {
    uuid,
    exists: async () => !!(await store.head(names.head)) || (await pointNames(context)).length > 0,
    async head() {
      const found = await readHead(context);
      suspended = true;
      if (!found) return undefined;
      last = found.root;
      suspended = last.suspended ?? false;
      return { head: headOf(last), etag: found.etag };
    },
    async points(onDamage) {
      const points: Point[] = [];
      const leaving = await removing(context);
      for await (const root of allRoots(context, onDamage))
        if (!leaving.has(root.point.id)) points.push(root.point);
      return points.sort((a, b) => a.generation - b.generation);
    },
    history: async onDamage =>
      readHistory(context, onDamage, await removing(context), await knownBroken(context, onDamage)),
    point: async id => (await rootOf(id))?.point,
    made: (since, onDamage, known, leftOut) => readMade(context, since, onDamage, known, leftOut),
    broken: onDamage => knownBroken(context, onDamage),
    checked: async () => (await checkMemoryStore(context).read())?.memory?.looks ?? {},
    async newest(onDamage, seen) {
      const { root, head } = await readNewest(context, onDamage, seen);
      suspended = head ? (head.suspended ?? false) : true;
      const isOlder = (one: Root | undefined) => !!one && one.point.generation < root!.point.generation;
      // A commit may have ended between the two looks.
      headPutBack = isOlder(head) && isOlder((await readable(readHead(context), () => {}))?.root);
      return root?.point;
    },
    get headPutBack() {
      return headPutBack;
    },
    get suspended() {
      return suspended;
    },
    async reader(point, disk) {
      const root = await rootOf(point.id);
      if (!root) throw damaged(names.point(point.generation, point.id), "it isn't there any more");
      return diskReader(context, root, disk.index);
    },
    bundle: ref => readBundle(context, ref),
    fence: () => fenceHead(context),
    async lostMaps({ id }) {
      const root = await rootOf(id);
      const { found, points } = root ? await lookForMaps(context, root) : { found: [] };
      listed = points;
      return found;
    },
    orphanedPacks: () => orphanedPacks(context),
    async dated() {
      const leaving = await removing(context);
      const found: { id: string; generation: number; at: number }[] = [];
      for await (const { key, modified } of store.list(names.points)) {
        const name = parseNumbered(key);
        if (name && !leaving.has(name.id)) found.push({ ...name, at: modified });
      }
      return found;
    },
    unmarked: packs => unmarked(context, packs),
    writer(base, step, after, { doubts, claimed } = {}) {
      const names = listed;
      listed = undefined;
      return openWriter(context, base, { known: last, step, after, doubts, claimed, names });
    },
    damage: damageStore(context),
    lease: {
      async read() {
        const found = await store.get(names.lease);
        if (!found) return undefined;
        const bytes = openObject(vault, 'lease', names.lease, found.bytes, LEASE_CAP);
        const { etag, modified } = found;
        return { value: decodeLease(names.lease, bytes), etag, modified };
      },
      stat: () => store.head(names.lease),
      async write(value, etag, signal) {
        const salt = random.bytes(SALT_BYTES);
        const bytes = sealObject(vault, 'lease', names.lease, salt, Buffer.from(JSON.stringify(value)));
        const put = await store.put(names.lease, bytes, {
          when: etag === undefined ? { ifNoneMatch: '*' } : { ifMatch: etag },
          ...(signal ? { signal } : {}),
        });
        return put.ok ? { etag: put.etag } : 'lost-race';
      },
    },
  };
}

const headOf = ({ point, suspended = false }: Root): Head => ({
  commit: point.id,
  generation: point.generation,
  epoch: point.epoch,
  point: point.id,
  suspended,
});
