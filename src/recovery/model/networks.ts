/**
 * Networks that converge builds for tests. `src/aws/recovery` implements it over EC2. All calls may reject
 * with a Failure.
 */

/** On everything of an isolated network: the title of the resource that it is of. */
export const NETWORK_TAG = 'converge:isolated-network';

export interface FoundSubnet {
  id: string;
  cidr: string;
  zone: string;
  /** Whether what is launched there gets a public address by itself. */
  publicAddresses: boolean;
  /** Whether it goes by the network's own route table. */
  ownRoutes: boolean;
}

/** What there is of one, by its tag. */
export interface FoundNetwork {
  vpc: string;
  cidr: string;
  tags: Record<string, string>;
  /** The resolver of the VPC answers. */
  dns: boolean;
  /** Those of its subnets that have the tag. */
  subnets: FoundSubnet[];
  /** The network's own table; undefined when it is gone. `routes`: all but the local one. */
  table?: { id: string; routes: FoundRoute[] };
  /** The DHCP options that the VPC has; none for `default`. */
  dhcp?: { id: string; ours: boolean; values: Record<string, string[]> };
  /** Ids of DHCP options and route tables with the tag that the network doesn't use. */
  spare: { dhcp: string[]; tables: string[] };
  /** Gateways, attachments, peerings, endpoints and Resolver rules of the VPC, as words. */
  doors: string[];
}

/** A route as EC2 takes it back: by where it leads. */
export interface FoundRoute {
  destination: string;
  /** In words: `0.0.0.0/0 by igw-…`. */
  words: string;
}

/** DHCP options: what an isolated network tells its machines. */
export type NameServers = 'amazon' | 'none';

export interface NetworkCloud {
  /** Those of this title, or all that have the tag; by title. */
  find(title: string | undefined, signal?: AbortSignal): Promise<Map<string, FoundNetwork[]>>;
  /** `mark`: its tag `converge:made-by`; one of each is made, also after an answer that was lost. */
  createVpc(title: string, cidr: string, mark: string, signal?: AbortSignal): Promise<void>;
  /** The VPC's DNS on or off, and the DHCP options that go with it; options of ours are made when needed. */
  setNameServers(title: string, found: FoundNetwork, to: NameServers, signal?: AbortSignal): Promise<void>;
  createTable(title: string, vpc: string, signal?: AbortSignal): Promise<void>;
  removeRoute(table: string, route: FoundRoute, signal?: AbortSignal): Promise<void>;
  createSubnet(
    title: string,
    vpc: string,
    subnet: { cidr: string; zone: string },
    signal?: AbortSignal,
  ): Promise<void>;
  /** Has it go by this table, and give no public addresses. */
  shutSubnet(subnet: FoundSubnet, table: string, signal?: AbortSignal): Promise<void>;
  /** Each of them: false while something uses it; one that is gone already is success. */
  removeSubnet(id: string, signal?: AbortSignal): Promise<boolean>;
  removeTable(id: string, signal?: AbortSignal): Promise<boolean>;
  removeDhcp(id: string, signal?: AbortSignal): Promise<boolean>;
  removeVpc(id: string, signal?: AbortSignal): Promise<boolean>;
}

/** Of DHCP, and what it says for Amazon's resolver. */
export const SERVERS = 'domain-name-servers';
export const AMAZON = 'AmazonProvidedDNS';

/** What the machines of a network are told about names, in its terms or as it is. */
export function nameServersOf({
  dns,
  dhcp,
}: Pick<FoundNetwork, 'dns' | 'dhcp'>): NameServers | (string & {}) {
  if (!dhcp) return dns ? "told nothing, and Amazon's answers" : 'none';
  const others = Object.entries(dhcp.values).filter(
    ([key, values]) => key !== SERVERS || values.some(value => value !== AMAZON),
  );
  const words = others.map(([key, values]) => `${key}: ${values.join(', ')}`);
  if (!dhcp.ours) return `those of ${[dhcp.id, ...words].join('; ')}`;
  if (words.length > 0) return words.join('; ');
  return dns ? 'amazon' : "Amazon's, which don't answer";
}
