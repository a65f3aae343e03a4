import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { RecoveryCloud } from '../../recovery/model/clients.ts';
import { NETWORK_TAG } from '../../recovery/model/networks.ts';
import type { PlanProperties } from '../../recovery/model/plan.ts';
import { HERE, type Probe, placeOf } from '../../recovery/model/probes.ts';
import type { RunStart } from '../../recovery/run/run.ts';

/** Where a test is to run: subnets, in the order in which they are tried, and the group of its machines. */
export interface TestNetwork {
  subnets: string[];
  group: string;
}

/**
 * The network that a plan names for its tests: by ids, or as an `isolated_network`, whose subnets are all
 * tried. Whether it is apart isn't believed of either.
 *
 * @throws Failure `network-not-found`, `network-twice`
 */
export async function testNetwork(
  { network, subnet, fallback, security_group }: PlanProperties['test'],
  { networks, groups }: Pick<RecoveryCloud, 'networks' | 'groups'>,
  signal?: AbortSignal,
): Promise<TestNetwork> {
  if (network === undefined)
    return {
      subnets: [...new Set([subnet ?? '', ...(fallback?.subnets ?? [])])],
      group: security_group ?? '',
    };
  const [found = [], guards] = await Promise.all([
    networks.find(network, signal).then(all => all.get(network)),
    groups.list({ tags: { [NETWORK_TAG]: network } }, signal),
  ]);
  if (found.length > 1)
    throw new Failure(
      world(
        'network-twice',
        `${found.length} VPCs have the tag ${NETWORK_TAG}=${network}: ${found.map(({ vpc }) => vpc).join(', ')}`,
        { hint: 'take the tag from those that are not meant, or remove them' },
      ),
    );
  const [one] = found;
  const guard = guards.find(({ vpc }) => vpc === one?.vpc);
  if (one && guard && one.subnets.length > 0)
    return { subnets: one.subnets.map(({ id }) => id).sort(), group: guard.id };
  throw new Failure(
    world('network-not-found', `isolated_network ${network} is not there, or not whole`, {
      hint: 'declare it in the account and region of the plan, and apply it',
    }),
  );
}

const usualType = 't3.micro';

/**
 * What probes a test from within its network: as the plan says, and without a word where the network is an
 * `isolated_network`, which nobody else reaches. Undefined when nothing has to be probed through a network.
 *
 * @throws Failure `prober-image`
 */
export async function testProber(
  { network, prober }: PlanProperties['test'],
  probes: readonly Probe[],
  { shells }: Pick<RecoveryCloud, 'shells'>,
  signal?: AbortSignal,
): Promise<RunStart['prober']> {
  if ((network === undefined && prober === undefined) || !probes.some(one => placeOf(one) === HERE))
    return undefined;
  const { image, type = usualType } = prober ?? {};
  // Amazon Linux 2023 has Python for its own use.
  const found =
    image === undefined ? await shells.newestLinux(signal) : (await shells.image(image, signal))?.id;
  if (found !== undefined) return { image: found, type };
  throw new Failure(
    world(
      'prober-image',
      `there is no image ${image ?? 'of Amazon Linux 2023'} for a prober in this region`,
      {
        hint: 'name one of Amazon Linux by `test: { prober: { image: ami-... } }`',
      },
    ),
  );
}
