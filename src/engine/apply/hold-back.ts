import { blocked } from '../../diagnostics/diagnostic.ts';
import type { Node } from '../graph/walk.ts';
import { apartIn, leftOut } from '../guard/apart.ts';
import { gradeOf } from '../guard/grade-field.ts';
import type { Applying, Change } from './applying.ts';
import { asAllowed } from './decide-node.ts';

/** From here on these properties of the object stay as they are, which is told once. */
export function leaveOut(
  { diagnostics }: Pick<Applying, 'diagnostics'>,
  node: Node,
  names: ReadonlySet<string>,
): void {
  node.heldBack = new Set([...(node.heldBack ?? []), ...names]);
  diagnostics.push(leftOut(node.planned, names));
}

/**
 * What may be done of a change. What turned out to delete or weaken more than the plan said is left out,
 * where the rest can be done without it; else the change is finished, and the answer undefined.
 */
export function permitted(
  applying: Pick<Applying, 'allow' | 'finish' | 'diagnostics'>,
  change: Change,
): Change | undefined {
  const { node, decision } = change;
  const { planned, subject } = node;
  const deletes = decision.action === 'delete' && planned.action !== 'delete';
  // Of a plan that weakens, and isn't allowed to, only the rest has come as far as here.
  const isShown = planned.grade === 'weakens' && node.heldBack === undefined;
  const weakens = gradeOf(subject, decision).grade === 'weakens' && !isShown;
  if (!deletes && (!weakens || applying.allow.includes(planned.address))) return change;
  const names = decision.action === 'update' ? apartIn(subject.type, decision.fields) : new Set<string>();
  if (names.size > 0) {
    leaveOut(applying, node, names);
    return { node, decision: asAllowed(node, decision) };
  }
  const what = deletes ? 'be deleted' : 'weaken protection';
  applying.finish(node, 'blocked', {
    diagnostic: blocked('held', `\`${planned.address}\` would ${what}, which the plan didn't say`, {
      hint: 'plan again, and apply that plan',
    }),
  });
  return undefined;
}
