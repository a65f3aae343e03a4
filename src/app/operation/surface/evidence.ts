import { type Diagnostic, Failure, given } from '../../../diagnostics/diagnostic.ts';
import { suggest } from '../../../diagnostics/nearest.ts';
import { type Evidence, evidenceOf, monthAt, monthSpan } from '../../../operation/evidence.ts';
import type { VmStatus } from '../../../operation/model.ts';
import { globOf } from '../../../values/glob.ts';
import type { Context } from '../../app-context.ts';
import { type Looked, look, type StatusOptions } from '../status.ts';
import type { TrackWish } from '../tracks.ts';

/** Which evidence somebody wants. */
export interface EvidenceAsked {
  /** `2026-11`; undefined: this one. */
  month?: string | undefined;
  /** A glob of VM names, or `label:NAME`. */
  group?: string | undefined;
}

/** A month's evidence, and why something may be missing in it. */
export interface FoundEvidence {
  evidence: Evidence;
  diagnostics: Diagnostic[];
}

/**
 * A month's evidence, of what repositories hold. Undefined when the manifests have mistakes, which were
 * told.
 *
 * @throws Failure `bad-month`, `group-of-nobody`
 */
export const monthsEvidence = (
  context: Context,
  options: StatusOptions & EvidenceAsked,
): Promise<FoundEvidence | undefined> =>
  evidenceBy(options, context.io.host.clock.now(), wish =>
    look(context, options, { ...wish, known: new Map() }),
  );

/** The same by a look of somebody's own. */
export async function evidenceBy(
  { month: asked, group }: EvidenceAsked,
  now: number,
  looking: (wish: Omit<TrackWish, 'known'>) => Promise<Looked | undefined>,
): Promise<FoundEvidence | undefined> {
  const isIn = inGroup(group);
  const spanAt = (moment: number) => {
    const month = asked ?? monthAt(moment);
    const span = monthSpan(month, moment);
    if (span) return { month, ...span };
    throw new Failure(
      given('bad-month', `${month} is not a month that has begun`, { hint: 'write it like 2026-11' }),
    );
  };
  // Before anything is read: what is wrong stays wrong.
  let span = spanAt(now);
  const looked = await looking({
    time: at => {
      span = spanAt(at);
      return span;
    },
    of: vms => vms.filter(isIn),
  });
  if (!looked) return undefined;
  const { status, tracks } = looked;
  if (group !== undefined && status.vms.length > 0 && !status.vms.some(isIn))
    throw new Failure(
      given('group-of-nobody', `no VM is in the group \`${group}\``, {
        hint: groupHint(group, status.vms),
      }),
    );
  const evidence = evidenceOf(status, status.vms.filter(isIn), tracks, { ...span, group });
  return { evidence, diagnostics: status.diagnostics };
}

const LABEL = 'label:';

/** A report of nobody would say that nothing was missed. */
function groupHint(group: string, vms: readonly VmStatus[]): string {
  const isLabel = group.startsWith(LABEL);
  const known = isLabel ? vms.flatMap(({ labels = [] }) => labels) : vms.map(({ vm }) => vm);
  const word = isLabel ? group.slice(LABEL.length) : group;
  return suggest(word, new Set(known)) ?? 'no VM has a label';
}

function inGroup(group: string | undefined): (vm: VmStatus) => boolean {
  if (group === undefined) return () => true;
  if (group.startsWith(LABEL)) return ({ labels }) => labels?.includes(group.slice(LABEL.length)) ?? false;
  const names = globOf(group, 'i');
  return ({ vm }) => names.test(vm);
}
