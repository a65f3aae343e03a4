import { Failure } from '../../diagnostics/diagnostic.ts';
import { afterCheck, bytesCheckedSince, NOTHING_CHECKED } from '../model/check-memory.ts';
import { checkMemoryStore } from '../repository/check-memory-store.ts';
import type { VmContext } from '../repository/read/repository-context.ts';
import type { Folder } from './explain.ts';
import type { Findings, VerifyReport } from './report.ts';

const MONTH = 30 * 24 * 3600_000;
/** Others that may write the same record at the same time before it is left to them. */
const RACES = 5;

/**
 * Notes down what was looked at, so that the next sample takes what wasn't, and adds to the report what there
 * is.
 *
 * @param folder what is there; `needed`: where the last block ends that some point needs of a pack, by its id
 * @param at ms since the epoch; without it nothing is remembered
 */
export async function remember(
  vm: VmContext,
  { packs, read, asked, needed }: Folder & { needed: ReadonlyMap<string, number> },
  found: Findings,
  report: VerifyReport,
  at: number | undefined,
): Promise<void> {
  const proven = new Set([...read].filter(pack => !found.of(vm.names.pack(pack))));
  report.packs.there += packs.size;
  for (const size of packs.values()) report.packs.bytes += size;
  // One that is gone is as long as the index knows. What no point needs has nobody to be read for.
  const sizes = new Map([...needed].map(([pack, end]) => [pack, packs.get(pack) ?? end]));
  for (const size of sizes.values()) report.packs.bytes_needed += size;
  if (at === undefined) return;
  const look = { level: report.level, at, asked: [...asked], proven, there: packs };
  const store = checkMemoryStore(vm);
  const nothingThere = packs.size === 0 && report.points.length === 0;
  for (let race = 0; race < RACES; race++) {
    const before = await store.read();
    const after = afterCheck(before?.memory ?? NOTHING_CHECKED, look);
    if (race === 0) report.packs.bytes_read_in_30_days += bytesCheckedSince(after, sizes, at - MONTH, at);
    try {
      if (nothingThere || (await store.write(after, before?.etag))) return;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      report.notes.push(`what was looked at could not be noted down in the repository: ${error.message}`);
      return;
    }
  }
}
