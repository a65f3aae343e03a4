import type { Plan, PlannedResource } from '../model/plan.ts';

/** Several resources that one line stands for. */
export interface Alike {
  resources: PlannedResource[];
  /** What they have in common. */
  reason: string;
}

/** So many of a kind are told one by one. */
const mostAlone = 3;

/**
 * The shown resources of a plan, where those that failed for one reason are together, and those that nothing
 * is done to since what they depend on could not be observed. Each group is where its first member is.
 */
export function groupedAlike(
  { resources }: Pick<Plan, 'resources'>,
  shown: readonly PlannedResource[],
): (PlannedResource | Alike)[] {
  const broken = brokenIn(resources);
  const keyOf = (resource: PlannedResource): string | undefined =>
    broken.has(resource.address)
      ? waiting
      : resource.action === 'failed' && resource.reason !== undefined
        ? `failed ${resource.reason}`
        : undefined;
  const groups = Map.groupBy(shown, keyOf);
  const told = new Set<string>();
  return shown.flatMap((resource): (PlannedResource | Alike)[] => {
    const key = keyOf(resource);
    const group = key === undefined ? [] : groups.get(key)!;
    if (key === undefined || group.length <= mostAlone) return [resource];
    if (told.has(key)) return [];
    told.add(key);
    return [{ resources: group, reason: key === waiting ? waiting : resource.reason! }];
  });
}

const waiting = 'what they depend on could not be observed';

/**
 * Those that depend, through whatever, on one that could not be observed. In dependency order, as a plan is.
 */
function brokenIn(resources: readonly PlannedResource[]): Set<string> {
  const failed = new Set<string>();
  const broken = new Set<string>();
  for (const { address, action, dependsOn } of resources) {
    if (dependsOn.some(to => failed.has(to) || broken.has(to))) broken.add(address);
    if (action === 'failed') failed.add(address);
  }
  return broken;
}

/** "protected_vm:a, protected_vm:b, protected_vm:c and 197 more". */
export function namesOf({ resources }: Alike, clean: (text: string) => string): string {
  const first = resources.slice(0, mostAlone).map(({ address }) => clean(address));
  const more = resources.length - first.length;
  return `${first.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
