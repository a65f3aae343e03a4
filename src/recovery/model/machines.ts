/**
 * What a failover needs of the cloud. `src/aws/recovery` implements it over EC2. All calls may reject with a
 * Failure.
 */

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
  type: string;
  zone: string;
  groups: string[];
  /** ARN of its instance profile. */
  profile?: string;
  platformDetails: string;
  usageOperation: string;
  rootDevice: string;
  /** `state`: `attaching`, `attached`, `detaching`. */
  devices: { device: string; volume: string; state: string; endsWithIt: boolean }[];
  tags: Record<string, string>;
}

export interface NewImage {
  /** Unique in the account. */
  name: string;
  bootMode: 'legacy-bios' | 'uefi';
  tpm: boolean;
  /** The first is the root. */
  disks: { device: string; snapshot: string }[];
  tags: Record<string, string>;
}

export interface NewInstance {
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

/** A subnet and a security group, with all that leads out of them. */
export interface NetworkFacts {
  account: string;
  vpc: string;
  subnet: string;
  group: string;
  /** Name servers that machines are told by DHCP, `AmazonProvidedDNS` among them. */
  nameServers: string[];
  /** Routes of the subnet's table but for those within the VPC, as words. */
  routes: string[];
  /** Gateways, attachments, peerings, endpoints and Resolver rules of the VPC, as words. */
  doors: string[];
  /** Rules of the group that name anything but the group itself, as words. */
  rules: string[];
}

export interface MachineCloud {
  network(subnet: string, group: string, signal?: AbortSignal): Promise<NetworkFacts>;
  images(tags: Record<string, string>, signal?: AbortSignal): Promise<CloudImage[]>;
  /** Undefined when there is one of that name. */
  registerImage(wanted: NewImage, signal?: AbortSignal): Promise<string | undefined>;
  /** One that is gone already is success. */
  removeImage(id: string, signal?: AbortSignal): Promise<void>;
  /** Terminated ones too, for as long as EC2 shows them. */
  instances(tags: Record<string, string>, signal?: AbortSignal): Promise<CloudInstance[]>;
  /** `noRoom`: what EC2 said when there is no capacity, no host or no address for it. */
  run(wanted: NewInstance, signal?: AbortSignal): Promise<{ instance: string } | { noRoom: string }>;
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
