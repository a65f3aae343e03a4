import { type Diagnostic, world } from '../../diagnostics/diagnostic.ts';
import { plural } from '../../io/units.ts';
import type { DamageRecord } from '../../replication/model/damage-record.ts';
import type { Repository, VmRepository } from '../../replication/model/repository.ts';
import { agedOf } from '../../replication/retention/dates.ts';
import { heldUntil, holdsKnown } from '../../replication/retention/holds.ts';
import { isSame, removes, retentionsKnown } from '../../replication/retention/in-force.ts';
import { pinsKnown } from '../../replication/retention/pins.ts';
import { retentionOf, type WrittenRetention } from '../../replication/retention/policy.ts';

const DAY = 24 * 3_600_000;

/** What is in force for a VM that declares a retention, and what came of it. */
export interface SeenRetention {
  /** Undefined: nothing was declared before. */
  before: WrittenRetention | undefined;
  /** Points that what is declared would remove, and what was in force; not where both say the same. */
  removes?: { before: number; after: number; of: number };
  /** Points that nothing keeps since yesterday, and that no pruner has marked. */
  overdue: number;
}

/** Looks at what a repository says about all its VMs once: the policies in force, pins and holds. */
export function retentionReader(): (
  repository: Repository,
  vm: VmRepository,
  declared: WrittenRetention,
  now: number,
  damage: DamageRecord | undefined,
) => Promise<SeenRetention> {
  const ofAll = new Map<Repository, ReturnType<typeof readOfAll>>();
  return async (repository, vm, declared, now, damage) => {
    const all = ofAll.get(repository) ?? readOfAll(repository);
    ofAll.set(repository, all);
    const { inForce, pins, holds, isDoubtful } = await all;
    const before = inForce.get(vm.uuid);
    const policy = retentionOf(declared);
    const dated = (await vm.dated()).toSorted((a, b) => a.generation - b.generation);
    const known = { arrived: new Map(dated.map(({ id, at }) => [id, at])), damage, pins };
    if (isSame(before, declared)) {
      const isHeld = isDoubtful || heldUntil(holds, vm.uuid, now) !== undefined;
      const points = agedOf(
        dated.map(one => ({ ...one, time: one.at })),
        known,
      );
      const old = points.filter(({ at }) => at < now - DAY);
      return { before, overdue: isHeld ? 0 : removes(old, policy, now - DAY) };
    }
    // Whoever changes it is to know by the dates of the points themselves, as the pruner does.
    const points = agedOf(await vm.points(() => {}), known);
    return {
      before,
      removes: {
        before: removes(points, before && retentionOf(before), now),
        after: removes(points, policy, now),
        of: points.length,
      },
      overdue: 0,
    };
  };
}

async function readOfAll(repository: Repository) {
  // Nothing is counted as to be removed where nobody can tell what is kept.
  let isDoubtful = false;
  const doubt = () => {
    isDoubtful = true;
  };
  const [inForce, pins, holds] = await Promise.all([
    retentionsKnown(repository, doubt),
    pinsKnown(repository, doubt),
    holdsKnown(repository, doubt),
  ]);
  const holders = Map.groupBy(pins, ({ point }) => point);
  return {
    inForce,
    pins: new Map([...holders].map(([id, all]) => [id, all.map(({ holder }) => holder)])),
    holds,
    isDoubtful,
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
