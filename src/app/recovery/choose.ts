import { type Diagnostic, Failure, given } from '../../diagnostics/diagnostic.ts';
import type { CatalogResource } from '../../engine/model/catalog.ts';
import { fitFor } from '../../recovery/failover/prepare.ts';
import type { Landing } from '../../recovery/failover/run.ts';
import type { NetworkFacts } from '../../recovery/model/machines.ts';
import type { Encryption } from '../../recovery/replica/choose.ts';
import { estimateCold } from '../../recovery/replica/estimate.ts';
import { type Addressed, wrongAddresses } from '../../recovery/target/address.ts';
import { selectPoint } from '../../replication/model/select-point.ts';
import { repositoryRef } from '../../resources/shared/repository-property.ts';
import { type Chosen, planProperties } from './failover-plan.ts';
import { knownReadiness, notReady, requireTargets } from './known-readiness.ts';
import { declaredAs, pointsOf, type Recovering, repositoryOf, targetMachine } from './with-declared.ts';

/**
 * A point for each machine of the plan, and what it comes to in EC2. Everything against any of them is said
 * at once, with where the target is declared.
 *
 * @param allow addresses of targets that are launched though they are known not to run
 */
export async function choose(
  recovering: Recovering,
  declared: CatalogResource,
  which: string,
  {
    encryption,
    network,
    landings,
    allow = [],
    signal,
  }: {
    encryption: Encryption;
    network: Pick<NetworkFacts, 'subnets'>;
    /** By the title of the target, of a run that takes over. */
    landings?: ReadonlyMap<string, Landing>;
    allow?: string[];
    signal: AbortSignal;
  },
): Promise<Chosen[]> {
  const { groups, repository: home } = planProperties(declared);
  const { url } = repositoryRef(home);
  const repository = await recovering.repository(home);
  requireTargets(
    groups.flatMap(({ targets }) => targets),
    allow,
    recovering.catalog,
  );
  const chosen: Chosen[] = [];
  const against: Diagnostic[] = [];
  const addressed: Addressed[] = [];
  for (const name of groups.flatMap(({ targets }) => targets)) {
    const target = declaredAs('recovery_target', name)(recovering.catalog);
    const { title: vm } = target;
    const other = repositoryRef(repositoryOf(target)).url;
    if (other.canonical !== url.canonical)
      throw new Failure(
        given(
          'other-repository',
          `the plan ${declared.title} is kept in ${url.canonical}, its target ${name} in ${other.written}`,
          {
            hint: 'give both the same repository',
          },
        ),
      );
    const again = (id: string) =>
      `converge failover ${declared.title} ${landings ? '' : '--test '}${recovering.again} --point ${id}`;
    try {
      const { points, lost } = await (await pointsOf(repository, vm)).history(() => {});
      const point = selectPoint(points, which, vm, { points: lost, again });
      const machine = await targetMachine(target, recovering.cloud, signal);
      addressed.push({ ...machine, at: target.at });
      const fit = await fitFor(point, machine, repository.id, recovering.cloud, signal);
      const cold = await estimateCold(repository, point, recovering.cloud.snapshots, {
        encryption,
        signal,
      });
      const ready = await knownReadiness(recovering, target, repository, point, signal);
      if (!allow.includes(target.address)) against.push(...notReady(ready, target));
      const landing = landings?.get(vm);
      const where = { ...(landing && { landing }), ...(cold && { cold }) };
      chosen.push({ vm, target: machine, point, fit, ...where, ready });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      against.push(...error.diagnostics.map(one => ({ at: target.at, ...one })));
    }
  }
  against.push(...wrongAddresses(addressed, network.subnets));
  if (against.length > 0) throw new Failure(against);
  return chosen;
}
