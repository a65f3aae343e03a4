import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Random } from '../../../io/ports.ts';
import { type BlockStore, openBlocks } from '../../blocks/store.ts';
import { openTables, type TableStore } from '../../blocks/tables.ts';
import { takeTurns } from '../../disks/take-turns.ts';
import { readJson, writeText } from '../../disks/write-json.ts';
import { newAccount, plantStock } from './account.ts';
import type { Pace, Paced } from './pace.ts';
import { draftOf, jsonOf, type Parts, partsOf } from './parts.ts';
import type { Ec2State } from './state.ts';

export interface WorldOptions {
  /** Folder of its own; made when the world is first changed. */
  dir: string;
  region: string;
  /** Twelve digits. */
  account: string;
  clock: Clock;
  random: Random;
  pace?: Pace | undefined;
}

/** What one change works on: a draft of the account, and the bytes of disks. */
export interface Draft extends Paced {
  state: Ec2State;
  account: string;
  region: string;
  /** `snap-0` and sixteen hex digits that nothing has. */
  newId(prefix: string): string;
  random: Random;
  blocks: BlockStore;
  tables: TableStore;
  /** What the change does to the bytes of disks: done once the change itself succeeded, in this order. */
  defer(work: () => Promise<void>): void;
}

/**
 * EC2's account on disk:
 *
 *     world.json    all but the bytes of disks, replaced whole
 *     tables/ID     which blocks a snapshot or volume has
 *     blocks/       the blocks, each once
 *
 * A change is made on a draft, which counts when it succeeds and is dropped when it throws: what is refused
 * has no effect, and a dry run is a change that is dropped. Changes go one after the other.
 */
export interface Ec2World {
  /** As of the last change; not to be changed. */
  state(): Promise<Ec2State>;
  change<T>(work: (draft: Draft) => Promise<T> | T): Promise<T>;
  blocks(): Promise<BlockStore>;
  tables(): Promise<TableStore>;
  /** Notes that a pending snapshot got a block now, without a change. */
  gotBlock(snapshot: string): void;
  /** When it last did, ms, as far as this process knows. */
  lastBlock(snapshot: string): number | undefined;
}

interface Opened {
  /** Of `state`. */
  parts: Parts;
  state: Ec2State;
  blocks: BlockStore;
  tables: TableStore;
  /** Makes the folders ready to be written to. */
  prepare(): Promise<void>;
}

/**
 * Reads nothing before it is first asked, as most labs never have a machine in EC2, and writes nothing before
 * the first change: whoever only looks may do so beside the process that has the lab.
 */
export function openEc2World({ dir, region, account, clock, random, pace }: WorldOptions): Ec2World {
  const inTurn = takeTurns();
  const file = join(dir, 'world.json');
  const lastBlocks = new Map<string, number>();
  let opening: Promise<Opened> | undefined;
  const open = async (): Promise<Opened> => {
    const known = await readJson<Ec2State>(file);
    const state = known ?? newAccount(region, account, clock.now());
    const blocks = openBlocks(join(dir, 'blocks'), random);
    const tables = openTables(join(dir, 'tables'));
    let prepared: Promise<void> | undefined;
    const prepare = async () => {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      await Promise.all([blocks.prepare(), tables.prepare()]);
      if (known) await sweep({ state, blocks, tables });
      else await plantStock(state, blocks, tables);
    };
    return {
      parts: partsOf(state),
      state,
      blocks,
      tables,
      prepare() {
        prepared ??= prepare();
        return prepared;
      },
    };
  };
  const opened = () => {
    opening ??= open();
    return opening;
  };
  return {
    state: async () => (await opened()).state,
    blocks: async () => (await opened()).blocks,
    tables: async () => (await opened()).tables,
    gotBlock: id => void lastBlocks.set(id, clock.now()),
    lastBlock: id => lastBlocks.get(id),
    change: work =>
      inTurn(async () => {
        const world = await opened();
        const { state, changed } = draftOf(world.parts);
        const made = new Set<string>();
        const deferred: (() => Promise<void>)[] = [];
        for (const [id, at] of lastBlocks) {
          const snapshot = state.snapshots[id];
          if (snapshot?.state === 'pending') snapshot.lastBlock = at;
          else lastBlocks.delete(id);
        }
        const result = await work({
          state,
          account,
          region,
          now: clock.now(),
          pace,
          random,
          blocks: world.blocks,
          tables: world.tables,
          defer: later => deferred.push(later),
          newId(prefix) {
            for (;;) {
              const id = `${prefix}-0${random.bytes(8).toString('hex')}`;
              if (made.has(id) || [...world.parts.values()].some(json => json.includes(id))) continue;
              made.add(id);
              return id;
            }
          },
        });
        const became = changed();
        if (became || deferred.length > 0) {
          await world.prepare();
          for (const later of deferred) await later();
          await writeText(file, jsonOf(became?.parts ?? world.parts));
          const before = tablesOf(world.state);
          if (became) {
            world.parts = became.parts;
            world.state = { ...world.state, ...became.differing };
          }
          const after = tablesOf(world.state);
          if ([...before].some(id => !after.has(id))) await sweep(world);
        }
        return result;
      }),
  };
}

/** Removes what nothing has any more. */
const sweep = ({ state, tables, blocks }: Pick<Opened, 'state' | 'tables' | 'blocks'>): Promise<void> =>
  tables.keepOnly(tablesOf(state), digests => blocks.keepOnly(digests));

function tablesOf(state: Ec2State): Set<string> {
  const named = new Set<string>();
  for (const { table, base } of Object.values(state.snapshots)) {
    named.add(table);
    if (base !== undefined) named.add(base);
  }
  for (const { base, own, first } of Object.values(state.volumes)) {
    named.add(own);
    if (base !== undefined) named.add(base);
    if (first) named.add(first.table);
  }
  return named;
}
