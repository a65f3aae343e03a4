import { failedWith } from '../../diagnostics/diagnostic.ts';
import { MAX_BLOCK } from '../format/blocks.ts';
import { sealerFor } from '../format/sealing.ts';
import { damaged, isUnreadable, missing } from '../model/damage.ts';
import { pipelined } from '../model/pipelined.ts';
import type { Location } from '../model/store.ts';
import { readAgain } from '../repository/read/read-again.ts';
import type { VmContext } from '../repository/read/repository-context.ts';
import { type Run, runsOf } from '../repository/read/runs.ts';
import type { Session } from '../repository/write/commit-session.ts';
import { packWriter } from '../repository/write/pack-writer.ts';
import type { Led } from './survey.ts';

/** Runs of 4 MiB that are read ahead. */
const READS = 2;

export interface Rewritten {
  /** Where each block lies now, with all pages that need it. */
  moved: { places: Led[]; location: Location }[];
  /** Packs that can't be read as they were written: what is needed of them stays where it is. */
  unread: Map<string, string>;
}

/**
 * Puts these blocks into new packs. Each is opened as it was sealed, under its old pack's name, and has to
 * have its id; then it is sealed anew. Nothing refers to the new packs yet.
 */
export async function rewrite(
  session: Session,
  led: readonly Led[],
  signal: AbortSignal | undefined,
): Promise<Rewritten> {
  const { context } = session;
  const blocks = Map.groupBy(led, one => one.id);
  const packs = packWriter(session);
  const rewritten: Rewritten = { moved: [], unread: new Map() };
  // What several pages need is read from where the first of them has it.
  const wanted = [...blocks.values()].map(([one]) => ({
    ...one!.location,
    id: Buffer.from(one!.id, 'latin1'),
    blocks: [],
  }));
  const read = async (run: Run) => {
    try {
      return { run, plain: await readAgain(() => openRun(context, run, signal)) };
    } catch (error) {
      if (!isUnreadable(error) && !failedWith(error, 'missing-object')) throw error;
      return { run, why: error.message };
    }
  };
  for await (const { run, plain, why } of pipelined(runsOf(wanted), READS, read)) {
    signal?.throwIfAborted();
    if (!plain) {
      rewritten.unread.set(run.pack, why);
      continue;
    }
    for (const [n, { id }] of run.wanted.entries()) {
      await packs.room();
      const places = blocks.get(id.toString('latin1'))!;
      rewritten.moved.push({ places, location: packs.add(id, plain[n]!) });
    }
  }
  await packs.flush();
  return rewritten;
}

/** The blocks of a run, each as it was before it was stored. */
async function openRun(
  { store, vault, names }: VmContext,
  { pack, start, end, wanted }: Run,
  signal: AbortSignal | undefined,
): Promise<Buffer[]> {
  const key = names.pack(pack);
  const found = await store.get(key, { range: { start, end }, ...(signal && { signal }) });
  if (!found) throw missing(key);
  if (found.bytes.length !== end - start) throw damaged(key, `it ends before byte ${end}`);
  const sealer = sealerFor(vault, 'pack', key, Buffer.from(pack, 'hex'));
  return wanted.map(({ offset, length, id }) =>
    sealer.openBlock(offset, found.bytes.subarray(offset - start, offset - start + length), MAX_BLOCK, id),
  );
}
