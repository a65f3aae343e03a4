import type { Node } from '../graph/walk.ts';
import { beyondBudget } from '../guard/guards.ts';
import type { Subject } from '../model/subject.ts';
import { observe } from '../observe/observe.ts';
import type { Applying, Change } from './applying.ts';
import { decideNode } from './decide-node.ts';
import { permitted } from './hold-back.ts';

/**
 * Whether it was in sync when planned and has to be observed again: something that it depends on has changed.
 */
export const looksAgain = ({ planned, after = [] }: Node): boolean =>
  planned.lookAgain === true && after.length > 0;

/** Those of the subjects that need something, by what was last observed of them. */
export async function pendingOf({ run, walk }: Applying, subjects: readonly Subject[]): Promise<Subject[]> {
  const pending: Subject[] = [];
  for (const subject of subjects) {
    const decision = await decideNode(run, walk.nodes.get(subject.address)!);
    if (decision.action !== 'none') pending.push(subject);
  }
  return pending;
}

/**
 * Those of the pending that are so for another reason than that time has gone by: each is observed as of the
 * moment at which it was, or began to be put, in sync.
 */
export async function dueByMore(applying: Applying, pending: readonly Subject[]): Promise<Subject[]> {
  const { run, walk } = applying;
  const since = ({ address }: Subject) => walk.nodes.get(address)?.done?.started ?? applying.planned;
  for (const [asOf, subjects] of Map.groupBy(pending, since)) await observe(run, subjects, { asOf });
  return pendingOf(applying, pending);
}

/**
 * What a resource that was looked at again needs now and may be given, marked as found out in the run.
 * Undefined when it needs nothing that more than time asks for, or it was finished: `noop`, or held back by a
 * guard or the budget.
 */
export async function foundLater(applying: Applying, change: Change): Promise<Change | undefined> {
  const { run, finish, policy } = applying;
  const { node } = change;
  if ((await dueByMore(applying, [node.subject])).length === 0) return undefined;
  const decision = await decideNode(run, node);
  node.became = decision.action;
  if (node.planned.noop) {
    finish(node, 'noop');
    return undefined;
  }
  const allowed = permitted(applying, { node, decision });
  if (!allowed) return undefined;
  if (applying.spare <= 0) {
    finish(node, 'blocked', { diagnostic: beyondBudget(node.planned, policy) });
    return undefined;
  }
  applying.spare--;
  return allowed;
}
