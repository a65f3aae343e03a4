import { blocked } from '../../diagnostics/diagnostic.ts';
import type { Node } from '../graph/walk.ts';
import { gradeOf } from '../guard/grade-field.ts';
import type { Decision } from '../plan/decide.ts';
import type { Applying } from './applying.ts';

/**
 * What turned out to delete or weaken more than the plan said is not done: it is finished, and the answer
 * true.
 */
export function holdBack(
  { allow, finish }: Pick<Applying, 'allow' | 'finish'>,
  { node, decision }: { node: Node; decision: Decision },
): boolean {
  const { planned, subject } = node;
  const deletes = decision.action === 'delete' && planned.action !== 'delete';
  const weakens = gradeOf(subject, decision).grade === 'weakens' && planned.grade !== 'weakens';
  if (!deletes && (!weakens || allow.includes(planned.address))) return false;
  const what = deletes ? 'be deleted' : 'weaken protection';
  finish(node, 'blocked', {
    diagnostic: blocked('held', `\`${planned.address}\` would ${what}, which the plan didn't say`, {
      hint: 'plan again, and apply that plan',
    }),
  });
  return true;
}
