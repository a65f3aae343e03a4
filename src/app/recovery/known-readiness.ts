import { blocked, type Diagnostic, Failure, given } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { Catalog, CatalogResource } from '../../engine/model/catalog.ts';
import type { CloudFact } from '../../recovery/readiness/facts.ts';
import { judge } from '../../recovery/readiness/verdict.ts';
import type { Point } from '../../replication/model/point.ts';
import type { Repository } from '../../replication/model/repository.ts';
import type { KnownReadiness } from './failover-plan.ts';
import { knownOfDisks } from './look-at-disks.ts';
import { declaredAs, type Recovering, targetProperties } from './open/with-declared.ts';

/** Whether a point would run, by its record and what was found of its blocks before: none of them is read. */
export async function knownReadiness(
  recovering: Recovering,
  target: CatalogResource,
  repository: Repository,
  point: Point,
  signal: AbortSignal,
): Promise<KnownReadiness> {
  const { license, method } = targetProperties(target);
  const disks = await knownOfDisks(recovering, repository, point, signal);
  const judged = judge({
    address: target.address,
    now: recovering.clock.now(),
    ...(license !== undefined && { license }),
    ...(method !== undefined && { method }),
    point,
    disks,
    cloud: [],
  });
  return {
    verdict: judged.verdict,
    method: judged.method,
    looked: point.disks.every(({ index }) => disks[index] !== undefined),
    findings: judged.findings.filter(one => one.verdict !== 'ready'),
  };
}

/** What is known to go wrong, each with its way out and what lets it be launched all the same. */
export const notReady = ({ findings }: KnownReadiness, target: CatalogResource): Diagnostic[] =>
  findings
    .filter(({ verdict }) => verdict === 'not ready')
    .map(({ what, why, way_out }) => wouldNotRun(target, `${what}: ${why}`, way_out));

const wouldNotRun = ({ address, at }: CatalogResource, why: string, wayOut: string | undefined) =>
  blocked('target-not-ready', own`${address} would not run in EC2: ${why}`, {
    address,
    at,
    hint: `${wayOut === undefined ? '' : `${wayOut}; `}to launch it all the same: --allow ${address}`,
  });

/** What EC2 is known to refuse, with the same ways out; what it didn't say is told by the launch itself. */
export const notLaunched = (
  { what, holds, why, wayOut }: CloudFact,
  target: CatalogResource,
): Diagnostic[] => (holds === false ? [wouldNotRun(target, `${what}: ${why}`, wayOut)] : []);

/** @throws Failure `nothing-allowed` when an allowed address isn't that of a target of the plan */
export function requireTargets(names: string[], allowed: readonly string[], catalog: Catalog): void {
  const addresses = names.map(name => declaredAs('recovery_target', name)(catalog).address);
  const wrong = allowed.filter(address => !addresses.includes(address));
  if (wrong.length === 0) return;
  throw new Failure(
    wrong.map(address =>
      given('nothing-allowed', `--allow ${address}: the plan has no such target`, {
        hint: suggest(address, addresses) ?? `it has ${addresses.join(', ')}`,
      }),
    ),
  );
}
