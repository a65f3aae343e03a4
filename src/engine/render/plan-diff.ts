import type { Lines } from '../../diagnostics/lines.ts';
import type { Json } from '../model/catalog.ts';
import { type Differing, isSame, type PlanDifference, type ResourceDifference } from '../plan/plan-diff.ts';
import { gradeNote, nameOf, show } from './plan-words.ts';

/** Characters of one value. */
const room = 80;

/** What differs between two plans, for people. */
export function renderPlanDiff(difference: PlanDifference): Lines {
  const { before, after, targets, added, removed, changed } = difference;
  const digests = `digest ${before.slice(0, 8)} -> ${after.slice(0, 8)}`;
  if (isSame(difference)) return [`The plans do the same.   ${digests}`];
  const lines = [
    ...targets.map(({ name, before, after }) => `  ~ target ${name}  ${arrow(before, after)}`),
    ...added.map(({ address, action }) => `  + ${address}  ${action}`),
    ...removed.map(({ address, action }) => `  - ${address}  ${action}`),
    ...changed.flatMap(({ address, action, lookAgain, declared, fields }) => [
      `  ~ ${address}${action ? `  ${action.before} -> ${action.after}` : ''}${again(lookAgain)}`,
      ...declared.map(
        one => `      declared  ${nameOf(one)}  ${arrow(one.before, one.after)}${gradeNote(one)}`,
      ),
      ...fields.map(one => `      change    ${nameOf(one)}  ${planned(one.before)} => ${planned(one.after)}`),
    ]),
  ];
  const sums = `${added.length} added, ${removed.length} removed, ${changed.length} changed.   ${digests}`;
  return [...lines, sums];
}

const again = (look: ResourceDifference['lookAgain']): string =>
  look === undefined ? '' : `  ${look.after ? 'looked at again' : 'no longer looked at again'}`;

const arrow = (before: Json | undefined, after: Json | undefined): string =>
  `${show(before, room)} -> ${show(after, room)}`;

/** How one plan changes a field. */
function planned(change: Differing['before']): string {
  if (change === undefined) return 'as it is';
  const { from, to } = change as { from?: Json; to?: Json };
  return from === undefined ? show(to, room) : arrow(from, to);
}
