import { type Diagnostic, world } from '../../../diagnostics/diagnostic.ts';
import { own } from '../../../diagnostics/own-words.ts';
import type { CloudGroup, GroupRule } from '../../../recovery/model/groups.ts';
import { rulesBetween } from '../../../recovery/model/groups.ts';
import {
  type FoundNetwork,
  type FoundSubnet,
  type NameServers,
  NETWORK_TAG,
  nameServersOf,
} from '../../../recovery/model/networks.ts';
import { sha256 } from '../../../values/digest.ts';
import { isMarked } from '../../shared/ownership.ts';

/** A network as plans compare it. */
export interface NetworkState {
  cidr?: string;
  /** Zones by the blocks of the subnets, with what a subnet should not do besides. */
  subnets?: Record<string, string>;
  name_servers?: string;
  /** Routes of its own table that lead out of it. */
  routes: string;
  /** What its security group lets through. */
  group: string;
  /** `unrecorded`: no record can say that it was made by converge. */
  owner: 'converge' | 'unrecorded';
  /** What is left of earlier attempts and nothing uses. */
  unused: string;
}

/** What every isolated network is to be, whatever is declared. */
export const shut = {
  routes: 'local alone',
  group: 'only itself',
  owner: 'converge',
  unused: 'nothing',
} as const;

/** Where the manifest doesn't say. */
export const usualServers: NameServers = 'amazon';

export const groupName = (title: string): string => `converge-${title}`;

/** All traffic among those who have the group, and no other. */
export const onlyItself = (group: string): GroupRule[] =>
  [true, false].map(egress => ({ egress, protocol: '-1', peer: group }));

export const groupIn = (
  title: string,
  { vpc }: FoundNetwork,
  groups: readonly CloudGroup[],
): CloudGroup | undefined => groups.find(one => one.vpc === vpc && one.name === groupName(title));

export function stateOf(title: string, found: FoundNetwork, groups: readonly CloudGroup[]): NetworkState {
  const group = groupIn(title, found, groups);
  const { table, spare } = found;
  const unused = [...spare.dhcp, ...spare.tables];
  return {
    cidr: found.cidr,
    subnets: Object.fromEntries(found.subnets.map(one => [one.cidr, wordsOf(one)])),
    name_servers: nameServersOf(found),
    routes: table
      ? table.routes.map(({ words }) => words).join(', ') || shut.routes
      : 'those of a table that is gone',
    group: group ? groupWords(group) : 'gone',
    owner: isMarked(found.tags) ? 'converge' : 'unrecorded',
    unused: unused.join(', ') || shut.unused,
  };
}

const wordsOf = ({ zone, publicAddresses, ownRoutes }: FoundSubnet): string =>
  [
    zone,
    ...(publicAddresses ? ['gives public addresses'] : []),
    ...(ownRoutes ? [] : ['goes by other routes']),
  ].join(', ');

function groupWords({ id, rules }: CloudGroup): string {
  const { tooMany, missing } = rulesBetween(rules, onlyItself(id));
  if (tooMany.length === 0 && missing.length === 0) return shut.group;
  return [
    ...tooMany.map(({ egress, peer }) => `${egress ? 'out to' : 'in from'} ${peer}`),
    ...(missing.length > 0 ? ['not all that is within it'] : []),
  ].join(', ');
}

/** Changes with anything of the network. */
export const revisionOf = (found: FoundNetwork, groups: readonly CloudGroup[]): string =>
  sha256(JSON.stringify([found, groups]));

/** What keeps converge's hands off a network that has its tag; undefined when nothing does. */
export function troubleWith(title: string, found: readonly FoundNetwork[]): Diagnostic | undefined {
  const [one, ...more] = found;
  if (one && more.length > 0)
    return world(
      'network-twice',
      `${found.length} VPCs have the tag ${NETWORK_TAG}=${title}: ${found.map(({ vpc }) => vpc).join(', ')}`,
      { hint: 'take the tag from those that are not meant, or remove them' },
    );
  if (!one || one.doors.length === 0) return undefined;
  return world(
    'network-door-foreign',
    own`${one.vpc} of isolated_network ${title} isn't apart: it has the ${one.doors.join('; the ')}`,
    { hint: 'detach or remove it: converge made none of it, and takes away nothing that it did not make' },
  );
}
