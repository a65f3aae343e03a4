import { byText, canonicalJson } from '../../engine/model/canonical.ts';
import type { PlanProperties } from '../model/plan.ts';
import type { Bundle, BundledResource } from './bundle.ts';

/** The plan of this name, in any case. */
export const planIn = ({ resources }: Bundle, plan: string): BundledResource | undefined =>
  resources.find(({ type, title }) => type === 'recovery_plan' && title.toLowerCase() === plan.toLowerCase());

/** Its machines, in lower case. */
export function machinesOf(bundle: Bundle, plan: string): string[] {
  const { groups } = (planIn(bundle, plan)?.properties ?? {}) as unknown as Partial<PlanProperties>;
  // What it holds isn't looked at yet.
  if (!Array.isArray(groups)) return [];
  return groups
    .flatMap(group => (Array.isArray(group?.targets) ? group.targets.map(String) : []))
    .map(title => title.toLowerCase());
}

/** All that it says about the plan, without its places: equal when a recovery by it would be the same. */
export function aboutPlan(bundle: Bundle, plan: string): string {
  const machines = machinesOf(bundle, plan);
  const declared = planIn(bundle, plan);
  const parts = bundle.resources
    .filter(
      one =>
        one === declared || (one.type === 'recovery_target' && machines.includes(one.title.toLowerCase())),
    )
    .sort((a, b) => byText(a.type, b.type) || byText(a.title, b.title));
  // Another plan of the same bundle may go by other targets.
  const used = bundle.targets
    .filter(({ name }) => parts.some(({ target = name }) => target === name))
    .sort((a, b) => byText(a.name, b.name));
  return canonicalJson([
    parts.map(({ at: _, places: __, ...says }) => says),
    used.map(({ at: _, ...says }) => says),
    (bundle.post_launch ?? [])
      .filter(one => one.plan === declared?.title)
      .map(({ entry, digest }) => [entry, digest]),
  ]);
}
