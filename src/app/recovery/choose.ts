import { type Diagnostic, Failure, given } from '../../diagnostics/diagnostic.ts';
import type { CatalogResource } from '../../engine/model/catalog.ts';
import { type Fit, fitFor, type TargetMachine } from '../../recovery/failover/prepare.ts';
import type { RecoveryCloud } from '../../recovery/model/clients.ts';
import type { NetworkFacts } from '../../recovery/model/machines.ts';
import type { Encryption } from '../../recovery/replica/choose.ts';
import { estimateCold } from '../../recovery/replica/estimate.ts';
import type { Landing } from '../../recovery/run/run.ts';
import { type Addressed, wrongAddresses } from '../../recovery/target/address.ts';
import { autoWay, type Way } from '../../recovery/target/method.ts';
import { choosePoints } from '../../recovery/target/point-choice.ts';
import type { Point } from '../../replication/model/point.ts';
import { selectPoint } from '../../replication/model/select-point.ts';
import type { RecoveryTargetProperties } from '../../resources/aws/recovery-target-schema.ts';
import { repositoryRef } from '../../resources/shared/repository-property.ts';
import { answered } from './ask-cloud.ts';
import { askLaunch } from './ask-launch.ts';
import { askedOnce } from './asked-once.ts';
import { type Chosen, type KnownReadiness, planProperties } from './failover-plan.ts';
import { knownReadiness, notLaunched, notReady, requireTargets } from './known-readiness.ts';
import {
  declaredAs,
  pointsOf,
  type Recovering,
  repositoryOf,
  targetMachine,
  targetProperties,
} from './open/with-declared.ts';

/**
 * A point for each machine of the plan, and what it comes to in EC2. Everything against any of them is said
 * at once, with where the target is declared.
 *
 * @param allow addresses of targets that are launched though they are known not to run
 */
export async function choose(
  recovering: Recovering,
  declared: CatalogResource,
  points: readonly string[],
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
  const names = groups.flatMap(({ targets }) => targets);
  const which = choosePoints(points, names);
  requireTargets(names, allow, recovering.catalog);
  const asked = askedOnce(signal)(recovering.cloud);
  const launchOf = (of: TargetMachine, fit: Fit, landing: Landing | undefined) => ({
    ...(fit.shell && { image: fit.shell.image }),
    types: [fit.type, ...(of.else_types ?? [])],
    subnets: landing?.subnets ?? network.subnets.map(({ id }) => id),
    ...(of.key_pair !== undefined && { keyPair: of.key_pair }),
  });
  const chosen: Chosen[] = [];
  const against: Diagnostic[] = [];
  const addressed: Addressed[] = [];
  for (const name of names) {
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
      `converge failover ${declared.title} ${landings ? '' : '--test '}${recovering.again} --point ${names.length > 1 ? `${vm}=` : ''}${id}`;
    try {
      const { points: found, lost } = await (await pointsOf(repository, vm, recovering.find)).history(
        () => {},
      );
      const point = selectPoint(found, which.of.get(vm.toLowerCase()) ?? which.all, vm, {
        points: lost,
        again,
      });
      const machine = await targetMachine(target, recovering.cloud, signal);
      addressed.push({ ...machine, at: target.at });
      const { cloud } = recovering;
      const ready = await knownReadiness(recovering, target, repository, point, signal);
      const { method } = targetProperties(target);
      // Of `raw` no snapshot is needed, so none is looked for.
      const missing =
        method === 'raw'
          ? undefined
          : await estimateCold(repository, point, cloud.snapshots, { encryption, signal });
      const asking = { point, machine, repository: repository.id, ready, warm: !missing, cloud, signal };
      const way = await chooseWay({ ...(method && { method }) }, asking);
      const taken = { ...machine, method: way.name };
      const fit = await fitFor(point, taken, repository.id, cloud, signal);
      const cold = way.name === 'raw' ? undefined : missing;
      const landing = landings?.get(vm);
      const launched = await answered(
        'launch',
        () => askLaunch(asked, launchOf(taken, fit, landing)),
        signal,
      );
      if (!allow.includes(target.address))
        against.push(...notReady(ready, target), ...notLaunched(launched, target));
      const where = {
        ...(landing && { landing }),
        ...(cold && { cold }),
        ...(way.why !== undefined && { wayWhy: way.why }),
      };
      chosen.push({ vm, target: taken, point, fit, ...where, ready });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      against.push(...error.diagnostics.map(one => ({ at: target.at, ...one })));
    }
  }
  against.push(...wrongAddresses(addressed, network.subnets));
  if (against.length > 0) throw new Failure(against);
  return chosen;
}

/** How a point gets into EC2: as its target says, or by `auto` the quickest way that is open. */
async function chooseWay(
  { method = 'fast' }: Pick<RecoveryTargetProperties, 'method'>,
  of: {
    point: Point;
    machine: TargetMachine;
    repository: string;
    ready: KnownReadiness;
    /** Whether every disk has its snapshot. */
    warm: boolean;
    cloud: RecoveryCloud;
    signal: AbortSignal;
  },
): Promise<Way> {
  if (method !== 'auto') return { name: method };
  const { point, machine, repository, ready, warm, cloud, signal } = of;
  const [noShell, ebs] = await Promise.all([
    machine.license === undefined
      ? undefined
      : fitFor(point, machine, repository, cloud, signal).then(() => undefined, shellMissing),
    warm ? undefined : cloud.dryRuns.writeSnapshot(signal),
  ]);
  return autoWay({
    readiness: ready.method,
    warm,
    ...(noShell !== undefined && { noShell }),
    ...(ebs && !ebs.allowed && { noEbs: ebs.answer }),
  });
}

/** Whatever else speaks against it is told by whoever asks again. */
function shellMissing(error: unknown): string | undefined {
  if (!(error instanceof Failure)) throw error;
  return error.diagnostics.find(({ code }) => code === 'shell-missing')?.message;
}
