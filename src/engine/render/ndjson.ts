import { canonicalJson } from '../model/canonical.ts';
import type { RunEvent } from '../model/events.ts';
import type { Action, Plan } from '../model/plan.ts';

/**
 * Events as lines of JSON: `{"v":1,"time":RFC 3339,"type":...}` and the members of the event. Of a plan
 * only its digest and counts: the plan itself is what `plan -o` is for.
 */
export function ndjsonListener<E extends { type: string } = RunEvent>(
  write: (line: string) => void,
  now: () => number,
): (event: E) => void {
  return event => {
    const time = new Date(now()).toISOString();
    write(`${canonicalJson({ v: 1, time, ...lean(event) })}\n`);
  };
}

function lean(event: { type: string; plan?: Plan }): object {
  if (!event.plan) return event;
  const { digest, resources } = event.plan;
  const actions: Partial<Record<Action, number>> = {};
  for (const { action } of resources) actions[action] = (actions[action] ?? 0) + 1;
  return { type: 'planned', digest, actions };
}
