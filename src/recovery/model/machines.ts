/**
 * What a failover needs of the cloud. `src/aws/recovery` implements it over EC2. All calls may reject with a
 * Failure.
 */

/** On everything that a run makes. */
export const RUN_TAG = 'converge:run';

export interface CloudImage {
  id: string;
  state: 'pending' | 'available' | 'failed';
  /** As it is billed: `Linux/UNIX`. */
  platformDetails: string;
  usageOperation: string;
  /** Left out by Amazon's oldest images: then it is `legacy-bios`. */
  bootMode: 'legacy-bios' | 'uefi' | 'uefi-preferred';
  /** Milliseconds since the epoch. */
  created: number;
  name: string;
  tags: Record<string, string>;
}

export interface CloudInstance {
  id: string;
  /** `pending`, `running`, `shutting-down`, `terminated`, `stopping`, `stopped`. */
  state: string;
  account: string;
  /** What it was launched with. */
  token?: string;
  privateIp?: string;
  publicIp?: string;
  ipv6?: string;
  type: string;
  zone: string;
  groups: string[];
  /** ARN of its instance profile. */
  profile?: string;
  platformDetails: string;
  usageOperation: string;
  rootDevice: string;
  /** When it was started last, milliseconds since the epoch: each start sets it anew. */
  launched: number;
  /** `state`: `attaching`, `attached`, `detaching`; `since`: when it was attached, milliseconds. */
  devices: { device: string; volume: string; state: string; since: number; endsWithIt: boolean }[];
  tags: Record<string, string>;
}

export interface NewImage {
  /** Unique in the account. */
  name: string;
  bootMode: 'legacy-bios' | 'uefi';
  tpm: boolean;
  /** Whether its disks end with an instance of it. */
  endsWithIt: boolean;
  /** The first is the root. */
  disks: { device: string; snapshot: string }[];
  tags: Record<string, string>;
}

export interface NewInstance {
  /** What it runs when it starts, as it is. */
  userData?: string;
  /** Switched off from within, it ends. */
  endsItself?: true;
  image: string;
  type: string;
  subnet: string;
  groups: string[];
  keyPair?: string;
  /** Its address in the subnet; any that is free when left out. */
  address?: string;
  tenancy?: 'default' | 'dedicated' | 'host';
  /** ARN. */
  hostResourceGroup?: string;
  /** The same token gives the same instance again. */
  token: string;
  tags: Record<string, string>;
  /** Whether the machine can read its own tags, in its metadata. */
  readsTags?: boolean;
}

/** A subnet of one VPC. */
export interface CloudSubnet {
  id: string;
  zone: string;
  /** Its addresses, in CIDR notation. */
  range: string;
}

/** Subnets of one VPC and a security group of it, with all that leads out of them. */
export interface NetworkFacts {
  account: string;
  vpc: string;
  /** In the order in which they were asked for. */
  subnets: CloudSubnet[];
  group: string;
  /** What machines are told by DHCP: `domain-name-servers` is `AmazonProvidedDNS`, or addresses. */
  dhcp: { option: string; value: string }[];
  /** Routes of the subnets' tables but for those within the VPC, as words. */
  routes: string[];
  /**
   * Gateways, attachments, peerings, endpoints, Resolver rules, profiles and private zones of the VPC, as
   * words.
   */
  doors: string[];
  /** What may lead out and could not be asked for, as words. */
  unseen: string[];
  /** What the subnets give their machines besides a private address, as words. */
  addresses: string[];
  /** Ids of the subnets that give each machine an address of these kinds by themselves. */
  given: Record<'public' | 'ipv6', string[]>;
  /** Network interfaces of services in the VPC, and of others in the group, as words. */
  interfaces: string[];
  /** Rules of the group that name anything but the group itself, as words. */
  rules: string[];
}

/**
 * Why EC2 launched nothing, and its own words for it: `no-room` of that type there, `subnet-full` whatever
 * the type, `address-taken` by somebody else.
 */
export interface NotRun {
  refused: 'no-room' | 'subnet-full' | 'address-taken';
  why: string;
}

/** Who has an address. */
export interface AddressHolder {
  /** `instance i-0123456789abcdef0 (dc02)`. */
  words: string;
  tags: Record<string, string>;
}

export interface MachineCloud {
  /** @throws Failure `network-not-found`, `network-mixed` */
  network(subnets: readonly string[], group: string, signal?: AbortSignal): Promise<NetworkFacts>;
  images(tags: Record<string, string>, signal?: AbortSignal): Promise<CloudImage[]>;
  /** Undefined when there is one of that name. */
  registerImage(wanted: NewImage, signal?: AbortSignal): Promise<string | undefined>;
  /** One that is gone already is success. */
  removeImage(id: string, signal?: AbortSignal): Promise<void>;
  /** Terminated ones too, for as long as EC2 shows them. */
  instances(tags: Record<string, string>, signal?: AbortSignal): Promise<CloudInstance[]>;
  run(wanted: NewInstance, signal?: AbortSignal): Promise<{ instance: string } | NotRun>;
  /** Undefined when nobody has it. */
  addressHolder(subnet: string, address: string, signal?: AbortSignal): Promise<AddressHolder | undefined>;
  /** Adds tags to an instance. */
  tag(instance: string, tags: Record<string, string>, signal?: AbortSignal): Promise<void>;
  terminate(ids: string[], signal?: AbortSignal): Promise<void>;
  stop(instance: string, signal?: AbortSignal): Promise<void>;
  start(instance: string, signal?: AbortSignal): Promise<void>;
  setGroups(instance: string, groups: readonly string[], signal?: AbortSignal): Promise<void>;
  /** `profile`: the name of an instance profile. */
  setProfile(instance: string, profile: string, signal?: AbortSignal): Promise<void>;
  /** Both of EC2's checks: `ok`, `initializing`, `impaired`, `insufficient-data`. */
  checks(instance: string, signal?: AbortSignal): Promise<{ system: string; instance: string }>;
  /** What the machine wrote to its first serial port, as far as EC2 kept it. */
  console(instance: string, signal?: AbortSignal): Promise<string>;
  /** What its screen shows, as a file; undefined when there is none to be had. */
  picture(instance: string, signal?: AbortSignal): Promise<Buffer | undefined>;
}
