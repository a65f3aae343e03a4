import { world } from '../../../diagnostics/diagnostic.ts';
import type { ReadIo } from '../../../engine/model/io.ts';
import type {
  Adoptable,
  Asked,
  BuiltInType,
  Listed,
  ListQuery,
} from '../../../engine/model/resource-type.ts';
import type { CloudGroup } from '../../../recovery/model/groups.ts';
import { type FoundNetwork, NETWORK_TAG } from '../../../recovery/model/networks.ts';
import { eachStep } from '../../shared/each-step.ts';
import { checkNetwork } from './isolated-network-check.ts';
import { type IsolatedNetworkProperties, schema } from './isolated-network-schema.ts';
import {
  type NetworkState,
  revisionOf,
  shut,
  stateOf,
  troubleWith,
  usualServers,
} from './isolated-network-state.ts';

interface ListedNetwork {
  title: string;
  found: FoundNetwork;
}

export const isolatedNetwork: BuiltInType<typeof schema, NetworkState, ListedNetwork> = {
  name: 'isolated_network',
  doc: `A VPC for tests, which nothing leads out of. The title is its name.

It has subnets with production's addresses, a route table with the local route alone, DHCP options of its own, and a
security group, \`converge-TITLE\`, that reaches only itself. All of it has the tag \`${NETWORK_TAG}\`, and only what has it
is changed, or removed where a record says that converge made the VPC or took it over. A gateway, a peering, an endpoint or a Resolver rule that somebody else gave it is told, and is a
failure until it is gone. A \`recovery_plan\` names it by \`test: { network: TITLE }\`.`,
  version: 1,
  schema,
  neededUnlessAbsent: ['cidr', 'subnets'],
  runs: { on: 'remote', target: 'aws' },
  realm: { name: 'ec2', concurrency: 4 },
  shows: { vpc: 'Id of the VPC.' },
  check: checkNetwork,
  identity: (_, title) => title,
  desired({ cidr, subnets, name_servers = usualServers }) {
    return {
      ...(cidr !== undefined && { cidr }),
      ...(subnets && { subnets }),
      name_servers,
      ...shut,
    };
  },
  async observe(asked, io) {
    const { networks, groups } = await io.client('recovery');
    const found = await networks.find(asked.length === 1 ? asked[0]!.title : undefined, io.signal);
    return new Map(
      await Promise.all(
        asked.map(async one => {
          const of = found.get(one.title) ?? [];
          const guards = of.length === 0 ? [] : await guardsOf(groups, one.title, io);
          return [one.id, await observed(one, of, guards)] as const;
        }),
      ),
    );
  },
  list: listNetworks,
  toManifest: ({ title, found }): Adoptable => ({
    title,
    properties: {
      cidr: found.cidr,
      subnets: Object.fromEntries(found.subnets.map(({ cidr, zone }) => [cidr, zone])),
      ...(!found.dns && { name_servers: 'none' }),
    },
    exists: true,
    note: found.vpc,
  }),
  async apply(steps, io) {
    const { bring, remove } = await import('./isolated-network-change.ts');
    const cloud = await io.client('recovery');
    return eachStep(steps, step =>
      step.kind === 'delete' ? remove(step, cloud, io) : bring(step, cloud, io),
    );
  },
};

const guardsOf = (
  groups: { list(which: { tags: Record<string, string> }, signal?: AbortSignal): Promise<CloudGroup[]> },
  title: string,
  io: ReadIo,
): Promise<CloudGroup[]> => groups.list({ tags: { [NETWORK_TAG]: title } }, io.signal);

function observed(
  { title, properties }: Asked<IsolatedNetworkProperties>,
  found: readonly FoundNetwork[],
  groups: readonly CloudGroup[],
) {
  const trouble = troubleWith(title, found);
  if (trouble) return { state: 'failed' as const, diagnostic: trouble };
  const [one] = found;
  if (!one) return { state: 'absent' as const };
  const { cidr, subnets, ...always } = stateOf(title, one, groups);
  return {
    state: 'present' as const,
    revision: revisionOf(one, groups),
    value: {
      ...always,
      ...(properties.cidr !== undefined && cidr !== undefined && { cidr }),
      ...(properties.subnets && subnets && { subnets }),
    },
    shows: { vpc: one.vpc },
  };
}

async function* listNetworks(
  { titles }: ListQuery<IsolatedNetworkProperties>,
  io: ReadIo,
): AsyncIterable<Listed<ListedNetwork>> {
  const { networks } = await io.client('recovery');
  const all = await networks.find(undefined, io.signal);
  for (const title of titles ?? all.keys()) {
    const found = all.get(title) ?? [];
    const trouble = troubleWith(title, found);
    if (trouble) yield { state: 'failed', diagnostic: trouble };
    else if (found[0]) yield { state: 'present', value: { title, found: found[0] } };
    else
      yield {
        state: 'failed',
        diagnostic: world('network-not-found', `no VPC has the tag ${NETWORK_TAG}=${title}`, {
          hint: `declare an isolated_network ${title}: applying it makes one`,
        }),
      };
  }
}
