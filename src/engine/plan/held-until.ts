import type { Window } from '../model/catalog.ts';
import { isPending, type PlannedResource, type Verdict } from '../model/plan.ts';
import type { AnyResourceType } from '../model/resource-type.ts';
import type { Declared, Subject } from '../model/subject.ts';
import { opensAt } from '../model/window.ts';
import type { View } from './plan-resource.ts';

/** The lists of windows of a resource: its own, and those that its type makes of its properties. */
export const windowsOf = (
  { windows }: AnyResourceType,
  { meta, properties }: Pick<Declared, 'meta' | 'properties'>,
): readonly (readonly Window[])[] => [meta.window ? [meta.window] : [], windows?.(properties) ?? []];

/** In the place of never. */
const farAway = Date.UTC(9999, 0);

/** RFC 3339 of when the resource's window opens; undefined when it may be changed at `now`. */
export function heldUntil(
  { declared, type }: Pick<Subject, 'declared' | 'type'>,
  now: number,
): string | undefined {
  const opens = opensAt(windowsOf(type, declared), now);
  if (opens === now) return undefined;
  return new Date(Math.min(opens, farAway)).toISOString().replace('.000Z', 'Z');
}

/** Whether a change waits for a window: its own, or that of a dependency whose change waits. */
export function heldBy(
  subject: Subject,
  { action }: Verdict,
  { run, graph, planned }: View,
): Pick<PlannedResource, 'held'> {
  if (action === 'none' || action === 'failed') return {};
  const own = heldUntil(subject, run.world.host.clock.now());
  if (own !== undefined) return { held: { until: own } };
  const waiting = graph.edges
    .get(subject.address)!
    .flatMap(({ to }) => planned.get(to) ?? [])
    .find(dependency => dependency.held && isPending(dependency));
  return waiting ? { held: { until: waiting.held!.until, by: waiting.address } } : {};
}
