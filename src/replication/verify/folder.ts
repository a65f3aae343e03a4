import type { Progress } from '../../engine/model/io.ts';
import type { VmNames } from '../format/names.ts';
import type { Level } from '../model/check-memory.ts';
import { isUnreadable } from '../model/damage.ts';
import { pipelined } from '../model/pipelined.ts';
import type { StoredObject } from '../model/store.ts';
import type { VmContext } from '../repository/read/repository-context.ts';
import { type Folder, stranger } from './explain.ts';
import { checkObject, kindOf } from './objects.ts';
import type { PackFooters } from './pack-footers.ts';
import { addRefused, type Findings, type VerifyReport } from './report.ts';

/** What a verification of one VM goes by. */
export interface Depth {
  level: Level;
  /** Keys of packs to read at level `sample`. */
  chosen: ReadonlySet<string>;
}

/** Whole objects in memory at a time, up to about 17 MiB each. */
const READS = 4;

/** Lists the folder of a VM, and reads what is to be read at this depth: all but packs always. */
export async function checkFolder(
  vm: VmContext,
  footers: PackFooters,
  found: Findings,
  report: VerifyReport,
  { level, chosen }: Depth,
  options: { progress?: (progress: Progress) => void; signal?: AbortSignal },
): Promise<Folder> {
  const { store, vault, names } = vm;
  const listed: Folder = {
    ...{ names, enrolled: false },
    ...{ packs: new Map(), pages: new Map(), index: new Map(), bundles: new Map() },
    asked: new Set(),
    read: new Set(),
  };
  const check = async ({ key, size: length }: StoredObject) => {
    options.signal?.throwIfAborted();
    const what =
      key === names.roster ? ({ kind: 'roster', id: '' } as const) : kindOf(key.slice(names.folder.length));
    if (!what) return stranger(key, found);
    if (what.kind === 'roster') listed.enrolled = true;
    if (what.kind === 'pack') listed.packs.set(what.id, length);
    if (what.kind === 'pages') listed.pages.set(what.id, length);
    if (what.kind === 'index') listed.index.set(key, length);
    if (what.kind === 'bundle') listed.bundles.set(what.id, length);
    if (what.kind === 'pack' && level !== 'full' && !chosen.has(key)) return;
    if (what.kind === 'pack') listed.asked.add(what.id);
    const read = async () => {
      const object = await store.get(key, options.signal ? { signal: options.signal } : {}).catch(error => {
        if (!isUnreadable(error)) throw error;
        addRefused(found, key, error);
      });
      return object && { size: object.bytes.length, ...checkObject(vault, what.kind, key, object.bytes) };
    };
    let seen = await read();
    if (seen?.damage) {
      // A line or a cache may have altered it: only what is read again and is damaged again is damaged.
      const first = seen.damage;
      seen = (await read()) ?? seen;
      if (!seen.damage)
        report.notes.push(`${key} was altered on its way and whole when it was read again: ${first.message}`);
    }
    if (!seen) return;
    const { blocks, damage, places = [], size } = seen;
    if (blocks) footers.keep(what.id, blocks);
    if (damage) {
      const problem = found.add('damaged', key, damage.message);
      // An index object is replaced as a whole, whatever of it is damaged.
      if (what.kind === 'index') for (const place of places) problem.places.add(place);
      else problem.sections = damage.sections;
    }
    if (what.kind === 'pack') {
      listed.read.add(what.id);
      report.packs.read++;
      report.packs.bytes_read += size;
    }
    report.checked.objects++;
    report.checked.bytes += size;
    options.progress?.({ what: 'verifying', done: report.checked.bytes });
  };
  for await (const _ of pipelined(folder(vm, names), READS, check));
  return listed;
}

async function* folder({ store }: VmContext, names: VmNames): AsyncGenerator<StoredObject> {
  const roster = await store.head(names.roster);
  if (roster) yield roster;
  yield* store.list(names.folder);
}
