import type { Node } from '../graph/walk.ts';
import { wantedWithout, without } from '../guard/apart.ts';
import type { Run } from '../model/run.ts';
import { type Decision, decide } from '../plan/decide.ts';

/** What a resource needs by what was last observed of it, but for what a guard leaves as it is. */
export const decideNode = async (run: Run, node: Node): Promise<Decision> =>
  asAllowed(node, await decide(run, node.subject, run.observed.get(node.subject.address)!));

/** The decision without what a guard leaves as it is. */
export function asAllowed({ heldBack }: Pick<Node, 'heldBack'>, decision: Decision): Decision {
  if (!heldBack || decision.action !== 'update') return decision;
  const fields = without(heldBack, decision.fields);
  const should = wantedWithout(heldBack, decision.should);
  return { ...decision, action: fields.length > 0 ? 'update' : 'none', fields, should };
}
