import { type Diagnostic, Failure } from '../../../diagnostics/diagnostic.ts';
import type { Progress } from '../../../engine/model/io.ts';
import type { Outcome } from '../../../operation/agenda.ts';
import { pauseOf } from '../../../operation/status.ts';
import { oneDiagnostic } from '../../../resources/shared/one-diagnostic.ts';
import type { Context } from '../../app-context.ts';
import { moveDeclared, type Replicated } from '../../repository/replicate.ts';
import type { VmDuty } from '../site/duties.ts';
import { lookInto, noteNewest, type Site, seenOf, type View } from '../site/site.ts';

/** What came of a VM that was due. */
export type Moved = { vm: string; address: string } & (
  | { cycle: Replicated['cycle'] }
  /** Somebody else moves it, or has just done so. */
  | { busy: true }
  /** It is due, and somebody paused it. */
  | { paused: true }
  /** It was failed over meanwhile. */
  | { suspended: true }
  /** It has to be read whole, which waits until another such cycle has ended. */
  | { waits: true }
  /** An interruption ended its cycle, which was undone. */
  | { undone: true }
  /** `made`: generation of the point that it made all the same. */
  | { diagnostics: Diagnostic[]; made?: number }
);

/** Codes of refusals that mean that somebody else is at work, which nobody has to hear of. */
const busy = ['locked', 'lease-held', 'lab-in-use'] as const;

/** Reasons why a disk is read whole that don't pass by themselves: the next cycle does so too. */
const lasting = new Set(['tracking-off', 'no-change-id', 'ambiguous-identity', 'change-id-unreadable']);

/**
 * Runs one cycle of a VM that has a slot, if it is still due. Doesn't reject but for a bug: one that is
 * interrupted was undone.
 */
export async function moveDuty(
  context: Context,
  site: Site,
  { resource, view, declared, dueNow }: VmDuty,
  mayBeLong: () => boolean,
  onProgress?: (progress: Progress) => void,
): Promise<{ outcome: Outcome; moved: Moved }> {
  const base = { vm: declared.title, address: resource.address };
  let found: number | undefined;
  let isLooked = false;
  try {
    const { session, run, catalog } = site;
    // Whether it has points is only known once its repository was read.
    const find = async () => {
      if (!seenOf(view, declared.title)) await lookInto(site, view, []);
      return seenOf(view, declared.title);
    };
    let seen = await find();
    if (pauseOf(view.pauses, seen?.uuid, view.now(), declared.title))
      return { outcome: { result: 'paused' }, moved: { ...base, paused: true } };
    const wishOf = async () => {
      // Somebody else may have made its first point before this one's turn came.
      seen ??= await find();
      let isDamaged = false;
      const damaged = () => {
        isDamaged = true;
      };
      const newest =
        seen && view.repository ? await view.repository.vm(seen.uuid).newest(damaged) : undefined;
      if (newest) noteNewest(view, newest);
      found = newest?.time;
      isLooked = true;
      // A cycle mends it, due or not.
      const due = dueNow(isDamaged ? undefined : found, view.now());
      return due && { due, mayBeLong };
    };
    const cycle = await moveDeclared(context, session, run, catalog.targets, resource, wishOf, onProgress);
    if (!cycle) return { outcome: { result: 'seen', newest: found }, moved: { ...base, busy: true } };
    noteNewest(view, cycle.point);
    const long = cycle.disks.some(({ mode, reason }) => mode !== 'incremental' && lasting.has(reason));
    return { outcome: { result: 'made', newest: cycle.point.time, long }, moved: { ...base, cycle } };
  } catch (error) {
    const isInterrupted = context.io.interrupt.aborted;
    // What was interrupted ends with the reason of the signal, which isn't a Failure.
    if (!(error instanceof Failure))
      return failed(base, isInterrupted ? [] : [oneDiagnostic(error)], isInterrupted);
    if (error.has('long-cycles-first'))
      return { outcome: { result: 'put-back' }, moved: { ...base, waits: true } };
    if (error.hasOnly('failed-over'))
      return { outcome: { result: 'paused' }, moved: { ...base, suspended: true } };
    // Whoever took the lease over, or made the point, has the VM: that is told, and nothing is wrong with it.
    if (error.has('lease-lost') || error.hasOnly('head-moved'))
      return { outcome: { result: 'busy' }, moved: { ...base, diagnostics: error.diagnostics } };
    if (error.hasOnly(...busy)) return { outcome: { result: 'busy' }, moved: { ...base, busy: true } };
    const made = isLooked && !isInterrupted ? await madeAfter(view, declared.title, found) : undefined;
    return failed(base, error.diagnostics, isInterrupted, made);
  }
}

/** The generation of the point that is newer than `before`; what can't be read isn't known. */
async function madeAfter(view: View, title: string, before: number | undefined): Promise<number | undefined> {
  const seen = seenOf(view, title);
  try {
    const newest = seen && (await view.repository?.vm(seen.uuid).newest(() => {}));
    if (!newest || newest.time <= (before ?? Number.NEGATIVE_INFINITY)) return undefined;
    noteNewest(view, newest);
    return newest.generation;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return undefined;
  }
}

/** What was interrupted has not failed: nobody has to be told. */
const failed = (
  base: { vm: string; address: string },
  diagnostics: Diagnostic[],
  isInterrupted: boolean,
  made?: number,
): { outcome: Outcome; moved: Moved } =>
  isInterrupted
    ? { outcome: { result: 'busy' }, moved: { ...base, undone: true } }
    : {
        outcome: failedFor(diagnostics[0]),
        moved: { ...base, diagnostics, ...(made !== undefined && { made }) },
      };

/** What failed for the same reason says the same. */
export const failedFor = (first?: Pick<Diagnostic, 'code' | 'message'>): Outcome => ({
  result: 'failed',
  ...(first && { why: `${first.code} ${first.message}` }),
});
