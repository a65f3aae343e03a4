import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import type { Random } from '../../io/ports.ts';
import { isAllocated, layerPath, mergeDown, openChain, readChain, writeChain } from './chain.ts';
import { changeId, newTracking, type Tracking } from './change-id.ts';
import { type ChangedAreas, type PageLimits, pageOfAreas } from './changed-areas.ts';
import { pieces } from './granule.ts';
import { copyImage, diskSize } from './image.ts';
import { type Journal, openJournal, writtenAfter } from './journal.ts';
import { openLayer } from './layer.ts';
import { takeTurns } from './take-turns.ts';
import { readJson, writeJson } from './write-json.ts';

interface Frozen {
  /** The last layer that belongs to the snapshot. */
  layer: number;
  capacity: number;
  tracking?: Tracking;
}

/** `disk.json`: each replacement of it is the one moment in which something has happened. */
interface State {
  /** Bytes. */
  capacity: number;
  /** Ids of the layers, base first. */
  layers: number[];
  frozen: Record<string, Frozen>;
  tracking?: Tracking & { journal: number };
}

/** The change id asked about is of another epoch, of the future, or tracking was off then. */
export class ChangeIdRefused extends Error {}

/** What a snapshot froze of a disk. Layers count from 0, the base. */
export interface FrozenDisk {
  capacity: number;
  /** Ids of the layers that the snapshot's content is in, base first. */
  layers: number[];
  changeId?: string;
}

/** A virtual disk with snapshots and change tracking. Offsets and lengths are bytes; calls take turns. */
export interface Disk {
  capacity(): number;
  /** Ids of the layers, base first; the last takes the writes. */
  layers(): number[];
  /** Where a query from now on would begin: the last period that is over. */
  changeId(): string | undefined;
  read(offset: number, length: number): Promise<Buffer>;
  write(offset: number, bytes: Buffer): Promise<void>;
  /** Makes the content equal to a raw image; resolves to the bytes that differed, in whole granules. */
  setImage(path: string): Promise<{ changedBytes: number }>;
  grow(bytes: number): Promise<void>;
  snapshot(id: string): Promise<void>;
  frozen(id: string): FrozenDisk;
  snapshots(): string[];
  readSnapshot(id: string, offset: number, length: number): Promise<Buffer>;
  /** Forgets a snapshot but leaves its layer, as a removal does that could not consolidate. */
  forgetSnapshot(id: string): Promise<void>;
  /** Makes the content what the newest snapshot froze; a snapshot that others came after is refused. */
  revert(id: string): Promise<void>;
  /** Forgets a snapshot and merges its layer. */
  removeSnapshot(id: string): Promise<void>;
  needsConsolidation(): boolean;
  /** Merges every layer that no snapshot needs. A kill in the middle costs nothing: do it again. */
  consolidate(): Promise<void>;
  /** Begins a new epoch: earlier change ids are refused from here on. */
  startTracking(random: Random): Promise<void>;
  stopTracking(): Promise<void>;
  /**
   * One page of the areas written after `since` (`*`: ever written), up to snapshot `id` or, without one,
   * up to now. Throws ChangeIdRefused.
   */
  changedAreas(
    id: string | undefined,
    since: Tracking | '*',
    startOffset: number,
    limits: PageLimits,
  ): Promise<ChangedAreas>;
  /** Raw content of one layer's file, and its length. */
  readLayer(id: number, offset: number, length: number): Promise<Buffer>;
  layerSize(id: number): Promise<number>;
  /** Into the file of the only layer, past the hypervisor: change tracking doesn't see it. */
  overwrite(offset: number, bytes: Buffer): Promise<void>;
  close(): Promise<void>;
}

/** Makes an empty disk in a folder of its own. Throws a Failure for a size that no disk has. */
export async function createDisk(dir: string, capacity: number): Promise<Disk> {
  diskSize(capacity, 'the disk');
  await mkdir(dir, { recursive: true });
  await (await openLayer(layerPath(dir, 0), 0, capacity, true)).close();
  await writeJson(join(dir, 'disk.json'), { capacity, layers: [0], frozen: {} } satisfies State);
  return openDisk(dir);
}

/** Opens a disk in the state that its last completed step left. */
export async function openDisk(dir: string): Promise<Disk> {
  const file = join(dir, 'disk.json');
  const read = await readJson<State>(file);
  if (!read) throw new Failure(given('disk-missing', `${dir} holds no disk`));
  const state = read;
  const journalPath = (number: number) => join(dir, `journal-${number}`);
  const frozenJournal = (id: string) => join(dir, `frozen-${id}`);
  const commit = () => writeJson(file, state);
  await removeLeftovers();
  const chain = await openChain(dir, state.layers, state.capacity);
  const turn = takeTurns();
  let journal: Journal | undefined;
  if (state.tracking) journal = await openJournal(journalPath(state.tracking.journal), false);
  // A kill between the file's growth and the commit leaves a file that is too long.
  if ((await top().size()) !== state.capacity) await top().resize(state.capacity);

  function top() {
    return chain[chain.length - 1]!;
  }

  async function removeLeftovers(): Promise<void> {
    const wanted = new Set(['disk.json']);
    for (const id of state.layers) wanted.add(`${id}.raw`).add(`${id}.raw.map`);
    for (const id of Object.keys(state.frozen)) wanted.add(`frozen-${id}`);
    if (state.tracking) wanted.add(`journal-${state.tracking.journal}`);
    for (const name of await readdir(dir)) if (!wanted.has(name)) await rm(join(dir, name));
  }

  function frozenOf(id: string): Frozen {
    const found = state.frozen[id];
    if (!found) throw new Error(`the disk in ${dir} has no snapshot ${id}`);
    return found;
  }

  function inside(offset: number, length: number, capacity: number): void {
    const ok = Number.isSafeInteger(offset) && offset >= 0 && length >= 0 && offset + length <= capacity;
    if (!ok) throw new RangeError(`${length} bytes at ${offset} are not inside a disk of ${capacity}`);
  }

  async function write(offset: number, bytes: Buffer): Promise<void> {
    inside(offset, bytes.length, state.capacity);
    // Marked first: a kill in between reports a granule too many, never one too few.
    if (state.tracking) await journal!.mark(offset, bytes.length, state.tracking.period);
    await writeChain(chain, offset, bytes, state.capacity);
  }

  async function grow(bytes: number): Promise<void> {
    diskSize(bytes, 'the disk');
    if (bytes < state.capacity) {
      throw new Failure(
        given('disk-shrinks', `the disk has ${state.capacity} bytes and can't shrink to ${bytes}`),
      );
    }
    await top().resize(bytes);
    state.capacity = bytes;
    await commit();
  }

  async function readAt(index: number, capacity: number, offset: number, length: number): Promise<Buffer> {
    inside(offset, length, capacity);
    return readChain(chain, index, offset, length);
  }

  async function snapshot(id: string): Promise<void> {
    if (state.frozen[id]) throw new Error(`the disk in ${dir} has a snapshot ${id} already`);
    let next = 1;
    while (state.layers.includes(next)) next++;
    if (journal) await journal.freeze(frozenJournal(id));
    const layer = await openLayer(layerPath(dir, next), next, state.capacity, true);
    const frozen: Frozen = { layer: top().id, capacity: state.capacity };
    if (state.tracking) {
      frozen.tracking = { epoch: state.tracking.epoch, period: state.tracking.period };
      state.tracking.period++;
    }
    state.frozen[id] = frozen;
    state.layers.push(next);
    chain.push(layer);
    await commit();
  }

  async function revert(id: string): Promise<void> {
    const { layer, capacity } = frozenOf(id);
    if (state.layers.at(-2) !== layer)
      throw new Failure(given('snapshot-not-found', `the disk in ${dir} has snapshots after ${id}`));
    const gone = top();
    let next = 1;
    while (state.layers.includes(next)) next++;
    const fresh = await openLayer(layerPath(dir, next), next, capacity, true);
    state.layers.splice(-1, 1, next);
    chain.splice(-1, 1, fresh);
    state.capacity = capacity;
    await commit();
    await gone.remove();
  }

  async function forget(id: string): Promise<void> {
    frozenOf(id);
    delete state.frozen[id];
    await commit();
    await rm(frozenJournal(id), { force: true });
  }

  const unneeded = () => {
    const needed = new Set(Object.values(state.frozen).map(frozen => frozen.layer));
    return state.layers.slice(0, -1).findIndex(id => !needed.has(id));
  };

  async function consolidate(): Promise<void> {
    for (let index = unneeded(); index >= 0; index = unneeded()) {
      await mergeDown(chain, index);
      const [child] = chain.splice(index + 1, 1);
      state.layers.splice(index + 1, 1);
      for (const frozen of Object.values(state.frozen)) {
        if (frozen.layer === child!.id) frozen.layer = chain[index]!.id;
      }
      await commit();
      await child!.remove();
    }
  }

  async function track(tracking: Tracking | undefined): Promise<void> {
    const old = state.tracking;
    const number = (old?.journal ?? 0) + 1;
    const fresh = tracking && (await openJournal(journalPath(number), true));
    if (tracking) state.tracking = { ...tracking, journal: number };
    else delete state.tracking;
    await commit();
    await journal?.close();
    journal = fresh;
    if (old) await rm(journalPath(old.journal), { force: true });
  }

  async function changedAreas(
    id: string | undefined,
    since: Tracking | '*',
    startOffset: number,
    limits: PageLimits,
  ): Promise<ChangedAreas> {
    const at = id === undefined ? undefined : frozenOf(id);
    const capacity = at?.capacity ?? state.capacity;
    const tracking = at ? at.tracking : state.tracking;
    inside(startOffset, 1, capacity);
    if (!tracking) throw new ChangeIdRefused('change tracking is not active for the disk');
    if (since === '*') {
      const index = at ? state.layers.indexOf(at.layer) : chain.length - 1;
      return pageOfAreas(
        startOffset,
        capacity,
        limits,
        async () => granule => isAllocated(chain, index, granule),
      );
    }
    if (since.epoch !== tracking.epoch || since.period > tracking.period) {
      throw new ChangeIdRefused('the change id is not of the present epoch of the disk');
    }
    const path = id === undefined ? journalPath(state.tracking!.journal) : frozenJournal(id);
    return pageOfAreas(startOffset, capacity, limits, (from, length) =>
      writtenAfter(path, since.period, from, length),
    );
  }

  const layerOf = (id: number) => {
    const layer = chain.find(one => one.id === id);
    if (!layer) throw new Error(`the disk in ${dir} has no layer ${id}`);
    return layer;
  };

  return {
    capacity: () => state.capacity,
    layers: () => [...state.layers],
    changeId: () => state.tracking && changeId({ ...state.tracking, period: state.tracking.period - 1 }),
    read: (offset, length) => turn(() => readAt(chain.length - 1, state.capacity, offset, length)),
    write: (offset, bytes) => turn(() => write(offset, bytes)),
    setImage: path =>
      turn(async () => ({
        changedBytes: await copyImage(path, {
          capacity: () => state.capacity,
          grow,
          isUnused: (offset, length) =>
            pieces(offset, length).every(piece => !isAllocated(chain, chain.length - 1, piece.granule)),
          read: (offset, length) => readAt(chain.length - 1, state.capacity, offset, length),
          write,
        }),
      })),
    grow: bytes => turn(() => grow(bytes)),
    snapshot: id => turn(() => snapshot(id)),
    frozen(id) {
      const { layer, capacity, tracking } = frozenOf(id);
      const layers = state.layers.slice(0, state.layers.indexOf(layer) + 1);
      return { capacity, layers, ...(tracking && { changeId: changeId(tracking) }) };
    },
    snapshots: () => Object.keys(state.frozen),
    readSnapshot: (id, offset, length) =>
      turn(async () => {
        const { layer, capacity } = frozenOf(id);
        return readAt(state.layers.indexOf(layer), capacity, offset, length);
      }),
    forgetSnapshot: id => turn(() => forget(id)),
    revert: id => turn(() => revert(id)),
    removeSnapshot: id => turn(() => forget(id).then(consolidate)),
    needsConsolidation: () => unneeded() >= 0,
    consolidate: () => turn(consolidate),
    startTracking: random => turn(() => track(newTracking(random))),
    stopTracking: () => turn(() => track(undefined)),
    changedAreas: (id, since, offset, limits) => turn(() => changedAreas(id, since, offset, limits)),
    readLayer: (id, offset, length) => turn(() => layerOf(id).read(offset, length)),
    layerSize: id => turn(() => layerOf(id).size()),
    overwrite: (offset, bytes) =>
      turn(async () => {
        inside(offset, bytes.length, state.capacity);
        const layer = top();
        for (const { granule } of pieces(offset, bytes.length)) await layer.mark(granule);
        await layer.write(offset, bytes);
      }),
    close: () =>
      turn(async () => {
        await Promise.all([...chain.map(layer => layer.close()), journal?.close()]);
      }),
  };
}
