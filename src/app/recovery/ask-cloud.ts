import { Failure } from '../../diagnostics/diagnostic.ts';
import type { CatalogResource } from '../../engine/model/catalog.ts';
import { fitFor, obstacles } from '../../recovery/failover/prepare.ts';
import type { CloudFact } from '../../recovery/readiness/facts.ts';
import { bootModeOf, needsTpm } from '../../recovery/target/sizing.ts';
import { bootDiskKey } from '../../replication/model/machine.ts';
import type { Point } from '../../replication/model/point.ts';
import type { Repository } from '../../replication/model/repository.ts';
import { askLaunch, said } from './ask-launch.ts';
import type { AskedCloud } from './asked-once.ts';
import { targetMachine, targetProperties } from './open/with-declared.ts';

/**
 * Asks EC2 what it would say to a recovery of this point: the type, the image that Windows takes its licence
 * from, and each request by a dry run. One that fails is an answer, not the end.
 */
export async function askCloud(
  cloud: AskedCloud,
  declared: CatalogResource,
  repository: Repository,
  point: Point,
  signal: AbortSignal,
): Promise<CloudFact[]> {
  const { machine } = point;
  const { license, subnet, fallback } = targetProperties(declared);
  // What the point itself doesn't allow is told by whoever judges it.
  if (!machine || obstacles(point, license === undefined ? {} : { license }).length > 0) return [];
  const asking = <T>(what: string, ask: () => Promise<T>) => answered(what, ask, signal);

  const target = await asking('instance type', () => targetMachine(declared, cloud, signal));
  if ('what' in target) return [target];
  const fit = await asking('instance type', () =>
    fitFor(point, target, repository.id, cloud, signal).catch(error => unfitOf(error)),
  );
  if ('what' in fit) return [fit];
  if (Array.isArray(fit)) return fit;
  const facts: CloudFact[] = [
    { what: 'instance type', holds: true, why: `${fit.type}${fit.why === undefined ? '' : `: ${fit.why}`}` },
  ];
  if (fit.shell) facts.push({ what: 'licence', holds: true, why: `${fit.shell.what} (${fit.shell.image})` });

  const { key_pair: keyPair, else_types = [] } = target;
  const wanted = {
    ...(fit.shell && { image: fit.shell.image }),
    types: [fit.type, ...else_types],
    subnets: [subnet, ...(fallback?.subnets ?? [])],
    ...(keyPair !== undefined && { keyPair }),
  };
  facts.push(await asking('launch', () => askLaunch(cloud, wanted)));
  const boot = point.disks.find(({ key }) => key === bootDiskKey(machine))!;
  const replicas = await asking('replica', () => cloud.replica(repository.id, point.vm.uuid));
  if ('what' in replicas) return [...facts, replicas];
  const snapshot = replicas
    .filter(one => one.identity === boot.identity && one.state === 'completed')
    .sort((a, b) => b.generation - a.generation)[0];
  if (!snapshot)
    return [
      ...facts,
      {
        what: 'replica',
        why: `no snapshot of disk ${boot.index} is there to ask with`,
        wayOut: `make it: \`converge replicate ${declared.title} --replica PATHS\``,
      },
    ];
  const { id } = snapshot;
  const disks = fit.shell
    ? () => cloud.createVolume({ snapshot: id, subnet })
    : () => cloud.registerImage({ snapshot: id, bootMode: bootModeOf(machine), tpm: needsTpm(machine) });
  const answer = await asking('disks in EC2', disks);
  return [...facts, 'what' in answer ? answer : said(answer, 'disks in EC2')];
}

/** What EC2 has is an answer; what keeps it from answering isn't. */
function unfitOf(error: unknown): CloudFact[] {
  if (!(error instanceof Failure) || !error.hasOnly('type-unfit', 'no-type-fits', 'shell-missing'))
    throw error;
  return error.diagnostics.map(({ code, message, hint }) => ({
    what: code === 'shell-missing' ? 'licence' : 'instance type',
    holds: false,
    why: message,
    ...(hint !== undefined && { wayOut: hint }),
  }));
}

/** What keeps EC2 from answering isn't known to be so at a recovery. */
export async function answered<T>(
  what: string,
  ask: () => Promise<T>,
  signal: AbortSignal,
): Promise<T | CloudFact> {
  try {
    return await ask();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    const [first] = error.diagnostics;
    return { what, why: first!.message, ...(first!.hint !== undefined && { wayOut: first!.hint }) };
  }
}
