import { Failure, world } from '../../src/diagnostics/diagnostic.ts';
import { blockCount, blockIdOf, blockLength, isZero, ZERO_ID } from '../../src/replication/format/blocks.ts';
import type {
  DiskReader,
  Head,
  Point,
  PointDisk,
  PointWriter,
  Repository,
  VmRepository,
} from '../../src/replication/repository.ts';
import type { ObjectStore } from '../../src/replication/store.ts';

const idOf = (bytes: Buffer) => (isZero(bytes) ? ZERO_ID : blockIdOf(bytes, undefined));
const pageBlocks = 4;

interface State {
  head: { head: Head; etag: string } | undefined;
  points: Point[];
  maps: Map<string, Buffer[]>;
  blocks: Map<string, Buffer>;
  lease: { value: unknown; etag: string } | undefined;
}

/** The interfaces of a repository over plain maps. `dead`: every call rejects; `process()` gives a mover its own handle. */
export class MemoryRepository {
  readonly id = 'a0000000-0000-4000-8000-00000000000a';
  readonly #vms = new Map<string, State>();
  #etags = 0;
  /** Faults of `lease.write`, taken once. `lost`: the write happens, the answer doesn't arrive. */
  leaseFault: 'lost' | 'down' | undefined;

  process(): Repository & { dead: boolean } {
    const handle = {
      dead: false,
      id: this.id,
      store: undefined as unknown as ObjectStore,
      encrypted: false,
      blockId: idOf,
      vm: (uuid: string) => this.#vm(uuid, handle),
      vms: async () =>
        [...this.#vms].flatMap(([uuid, { points }]) => {
          const newest = points.at(-1);
          return newest ? [{ uuid, name: newest.vm.name }] : [];
        }),
    };
    return handle;
  }

  /** As if somebody had removed the lease object. */
  forgetLease(uuid: string): void {
    this.#vms.get(uuid)!.lease = undefined;
  }

  #vm(uuid: string, handle: { dead: boolean }): VmRepository {
    const state: State = this.#vms.get(uuid) ?? {
      head: undefined,
      points: [],
      maps: new Map(),
      blocks: new Map(),
      lease: undefined,
    };
    this.#vms.set(uuid, state);
    const alive = () => {
      if (handle.dead) throw new Failure(world('unreachable', 'this process is gone'));
    };
    return {
      uuid,
      head: async () => {
        alive();
        return state.head;
      },
      points: async () => [...state.points],
      point: async id => {
        alive();
        return state.points.find(p => p.id === id);
      },
      reader: async (point, disk) => reader(state, point, disk),
      writer: async base => {
        alive();
        return this.#writer(state, base, alive);
      },
      lease: {
        read: async () => {
          alive();
          return state.lease && { ...state.lease, modified: 0 };
        },
        write: async (value, etag) => {
          alive();
          const fault = this.leaseFault;
          this.leaseFault = undefined;
          if (fault === 'down') throw new Failure(world('unreachable', 'the store is down'));
          if (etag !== state.lease?.etag) return 'lost-race';
          state.lease = { value: structuredClone(value), etag: String(++this.#etags) };
          if (fault === 'lost') throw new Failure(world('answer-lost', 'no answer'));
          return { etag: state.lease.etag };
        },
      },
    };
  }

  #writer(state: State, base: State['head'], alive: () => void): PointWriter {
    const maps: { disk: PointDisk; map: Buffer[] }[] = [];
    const totals = { blocks_stored: 0, bytes_stored: 0, bytes_uploaded: 0 };
    return {
      async disk(disk, from) {
        const old = from && base ? (state.maps.get(`${base.head.point}/${from.index}`) ?? []) : [];
        const map = Array.from(
          { length: blockCount(disk.bytes, disk.blockSize) },
          (_, i) => old[i] ?? ZERO_ID,
        );
        maps.push({ disk, map });
        return {
          blockSize: disk.blockSize,
          async put(block, plaintext) {
            alive();
            if (plaintext.length !== blockLength(disk, block)) throw new Error('wrong block length');
            const id = idOf(plaintext);
            const same = map[block]!.equals(id);
            map[block] = id;
            if (same) return 'same';
            if (id.equals(ZERO_ID)) return 'zero';
            if (state.blocks.has(id.toString('hex'))) return 'same';
            state.blocks.set(id.toString('hex'), Buffer.from(plaintext));
            totals.blocks_stored++;
            totals.bytes_stored += plaintext.length;
            return 'stored';
          },
        };
      },
      commit: async (point, step) => {
        await step('put-point');
        alive();
        const generation = (base?.head.generation ?? 0) + 1;
        const id = `point-${generation}-${++this.#etags}`;
        const whole: Point = { ...point, id, generation, disks: maps.map(m => m.disk) };
        await step('move-head');
        alive();
        if (state.head?.etag !== base?.etag) return 'lost-race';
        for (const { disk, map } of maps) state.maps.set(`${id}/${disk.index}`, map);
        state.points.push(whole);
        const head = { commit: id, generation, epoch: point.epoch, point: id };
        state.head = { head, etag: String(++this.#etags) };
        await step('head-moved');
        return { point: whole, totals };
      },
    };
  }
}

function reader(state: State, point: Point, disk: PointDisk): DiskReader {
  const block = async (i: number) =>
    ids[i]!.equals(ZERO_ID)
      ? Buffer.alloc(blockLength(disk, i))
      : Buffer.from(state.blocks.get(ids[i]!.toString('hex'))!);
  const ids = state.maps.get(`${point.id}/${disk.index}`)!;
  const page = (n: number) => Buffer.concat(ids.slice(n * pageBlocks, (n + 1) * pageBlocks));
  return {
    map: {
      blockSize: disk.blockSize,
      blocks: ids.length,
      pageBlocks,
      pages: Math.ceil(ids.length / pageBlocks),
      pageName: n => idOf(page(n)).toString('hex'),
      page: async n => page(n),
    },
    block,
    async *blocks(wanted) {
      for (const index of wanted) yield { index, bytes: await block(index) };
    },
  };
}
