import { vmNames } from '../format/names.ts';
import { checkMemoryStore } from '../repository/check-memory-store.ts';
import { rangeReader } from '../repository/read/ranges.ts';
import type { Context } from '../repository/read/repository-context.ts';
import { budgetOf, type Candidate, choose, type Sample } from './choose.ts';

/**
 * Keys of the packs whose turn it is, over all of these VMs. One that wasn't whole, or wasn't handed out, has
 * had its turn. What was read in the future was dated by a clock that was wrong, and counts as never read.
 *
 * @param now ms since the epoch
 */
export async function chosenPacks(
  context: Context,
  vmKeys: readonly string[],
  sample: Sample,
  now: number | undefined,
): Promise<Set<string>> {
  const candidates: Candidate[] = [];
  for (const vmKey of vmKeys) {
    const names = vmNames(vmKey);
    const vm = { ...context, uuid: '', names, ranges: rangeReader(context.store) };
    const { memory } = (await checkMemoryStore(vm).read()) ?? {};
    const turns = new Map<string, number>();
    for (const { at, packs } of [...(memory?.read ?? []), ...(memory?.tried ?? [])])
      if (now === undefined || at <= now)
        for (const key of packs.map(names.pack)) turns.set(key, Math.max(at, turns.get(key) ?? 0));
    for await (const { key, size } of context.store.list(`${names.folder}packs/`)) {
      const turn = turns.get(key);
      candidates.push({ key, bytes: size, ...(turn !== undefined && { turn }) });
    }
  }
  return new Set(choose(candidates, budgetOf(sample, candidates)).map(({ key }) => key));
}
