import { vmNames } from '../format/names.ts';
import { checkMemoryStore } from '../repository/check-memory-store.ts';
import { rangeReader } from '../repository/read/ranges.ts';
import type { Context } from '../repository/read/repository-context.ts';
import { budgetOf, type Candidate, choose, type Sample } from './choose.ts';

/**
 * Keys of the packs whose turn it is, over all of these VMs. What was read in the future was dated by a clock
 * that was wrong, and counts as never read.
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
    const past = memory?.read.filter(({ at }) => now === undefined || at <= now);
    const turns = new Map(past?.flatMap(({ at, packs }) => packs.map(pack => [names.pack(pack), at])));
    for await (const { key, size } of context.store.list(`${names.folder}packs/`)) {
      const turn = turns.get(key);
      candidates.push({ key, bytes: size, ...(turn !== undefined && { turn }) });
    }
  }
  return new Set(choose(candidates, budgetOf(sample, candidates)).map(({ key }) => key));
}
