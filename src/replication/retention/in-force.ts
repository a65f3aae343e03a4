import { currentList } from '../model/current-list.ts';
import type { OnDamage, Repository } from '../model/repository.ts';
import { type Aged, decide } from './decide.ts';
import { type Retention, RULES, retentionOf, type WrittenRetention } from './policy.ts';

/** What an apply said last about the points of a VM. It is for plans; a pruner goes by manifests alone. */
interface InForce {
  /** UUID of the VM. */
  vm: string;
  retention: WrittenRetention;
}

export const retentions = currentList<InForce>('retention');

/** By UUID of the VM. */
export const retentionsIn = async (repository: Repository): Promise<Map<string, WrittenRetention>> =>
  new Map((await retentions.read(repository)).map(one => [one.vm, one.retention]));

/** The same for whoever shows them: see `CurrentList`. */
export const retentionsKnown = async (
  repository: Repository,
  onDamage: OnDamage,
): Promise<Map<string, WrittenRetention>> =>
  new Map((await retentions.known(repository, onDamage)).map(one => [one.vm, one.retention]));

/** The same as spans; what nobody can have declared is left out. */
export async function policiesInForce(repository: Repository): Promise<Map<string, Retention>> {
  const policies = [...(await retentionsIn(repository))].flatMap(([vm, written]) => {
    try {
      return [[vm, retentionOf(written)] as const];
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return [];
    }
  });
  return new Map(policies);
}

export const declareRetention = (
  repository: Repository,
  vm: string,
  retention: WrittenRetention,
): Promise<void> =>
  retentions.change(repository, before => [...before.filter(one => one.vm !== vm), { vm, retention }]);

/** Whether two policies say the same, in whatever order. */
export const isSame = (a: WrittenRetention | undefined, b: WrittenRetention): boolean =>
  RULES.every(rule => a?.[rule] === b[rule]);

/** How many of a VM's points a policy would remove. */
export const removes = (points: readonly Aged[], policy: Retention | undefined, now: number): number =>
  decide(points, policy, now).filter(({ keep }) => !keep).length;
