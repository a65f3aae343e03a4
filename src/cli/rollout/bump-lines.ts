import type { BumpOutcome } from '../../app/masterless/rollout-outcome.ts';
import { printable } from '../../diagnostics/text-width.ts';
import { plural } from '../../io/units.ts';
import type { InstanceReport } from '../../masterless/reports/report.ts';
import type { BumpEvent } from '../../masterless/rollout/bump.ts';

/** How one event of a rollout reads, on lines of its own; nothing for what the summary says. */
export function bumpLines(event: BumpEvent): string[] {
  switch (event.type) {
    case 'wave':
      return [`wave ${event.number} of ${event.of}: ${event.instances.join(', ')}`];
    case 'waiting':
      return Object.entries(event.instances).map(([instance, why]) => `${instance}: waiting, ${why}`);
    case 'instance':
      return [`${event.instance}: ${event.ok ? convergedAs(event.report) : `FAILED, ${event.why}`}`];
    default:
      return [];
  }
}

function convergedAs({ content, changed }: InstanceReport): string {
  const which = content?.sequence === undefined ? 'unsigned content' : `sequence ${content.sequence}`;
  const kept =
    content?.from === 'last-known-good' ? ' (kept from before: it could not reach the bucket)' : '';
  return `converged, ${content ? which : 'no content'}${kept}, ${plural(changed, 'change')}`;
}

/** An outcome for programs: instances say why they failed, and what steers a terminal is left out. */
export const bumpJson = (outcome: BumpOutcome): BumpOutcome => ({
  ...outcome,
  failed: outcome.failed.map(({ instance, why }) => ({ instance, why: printable(why) })),
});

export function bumpSummary(outcome: BumpOutcome): string[] {
  const { environment, state, why, converged, failed, underway, untouched } = outcome;
  const end = state === 'done' ? 'done' : why === 'interrupted' ? 'HALTED, interrupted' : 'HALTED';
  const counts = [`${converged} converged`, ...(failed.length > 0 ? [`${failed.length} FAILED`] : [])];
  return [
    `Rollout of ${environment} ${end}: ${counts.join(', ')}`,
    ...failed.map(one => `  ${one.instance}: ${one.why}`),
    ...(underway.length > 0 ? [`  told and not heard of yet: ${underway.join(', ')}`] : []),
    ...(untouched.length > 0 ? [`  left alone: ${untouched.join(', ')}`] : []),
  ];
}
