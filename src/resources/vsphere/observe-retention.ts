import { type Diagnostic, world } from '../../diagnostics/diagnostic.ts';
import { plural } from '../../io/units.ts';
import type { Repository, VmRepository } from '../../replication/model/repository.ts';
import { datesOf } from '../../replication/retention/dates.ts';
import { isSame, removes, retentionsIn } from '../../replication/retention/in-force.ts';
import { retentionOf, type WrittenRetention } from '../../replication/retention/policy.ts';

const DAY = 24 * 3_600_000;

/** What is in force for a VM that declares a retention, and what came of it. */
export interface SeenRetention {
  /** Undefined: nothing was declared before. */
  before: WrittenRetention | undefined;
  /** Points that what is declared would remove, and what was in force; where both are the same, not counted. */
  removes?: { before: number; after: number; of: number };
  /** Points that nothing keeps since yesterday, and that no pruner has marked. */
  overdue: number;
}

/** Looks at the policy in force of each repository once. */
export function retentionReader(): (
  repository: Repository,
  vm: VmRepository,
  declared: WrittenRetention,
  now: number,
) => Promise<SeenRetention> {
  const inForce = new Map<Repository, ReturnType<typeof retentionsIn>>();
  return async (repository, vm, declared, now) => {
    const all = inForce.get(repository) ?? retentionsIn(repository);
    inForce.set(repository, all);
    const before = (await all).get(vm.uuid);
    const policy = retentionOf(declared);
    const points = await vm.dated();
    if (isSame(before, declared))
      return {
        before,
        overdue: removes(
          points.filter(({ at }) => at < now - DAY),
          policy,
          now - DAY,
        ),
      };
    // Whoever changes it is to know by the dates of the points themselves.
    const read = await vm.points(() => {});
    const dates = datesOf(read);
    const dated = read.map(({ id, generation }, n) => ({ id, generation, at: dates[n]!.at }));
    return {
      before,
      removes: {
        before: removes(dated, before && retentionOf(before), now),
        after: removes(dated, policy, now),
        of: dated.length,
      },
      overdue: 0,
    };
  };
}

export const wouldRemove = (name: string, { removes: counted }: SeenRetention): Diagnostic[] =>
  counted && counted.after > counted.before
    ? [
        world(
          'retention-removes',
          `${name}: the retention that is declared removes ${plural(counted.after, 'point')} of ${counted.of}, what was in force removes ${counted.before}`,
          { hint: '`converge prune --noop` tells which; `converge pin` and `converge hold` keep them' },
        ),
      ]
    : [];

export const pruneDue = (url: string, points: number, vms: number): Diagnostic => ({
  ...world(
    'prune-due',
    `${url} holds ${plural(points, 'point')} of ${plural(vms, 'VM')} that no retention keeps any more`,
    { hint: 'run `converge prune` where the credentials of the pruner are' },
  ),
  severity: 'warning',
});
