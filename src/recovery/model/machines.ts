/** What a failover needs of the cloud. `src/aws/recovery` implements it over EC2. All calls may reject with a Failure. */

export interface CloudImage {
  id: string;
  state: 'pending' | 'available' | 'failed';
  /** As it is billed: `Linux/UNIX`. */
  platformDetails: string;
  usageOperation: string;
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
  /** The same token gives the same instance again. */
  token: string;
  tags: Record<string, string>;
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
  run(wanted: NewInstance, signal?: AbortSignal): Promise<string>;
  terminate(ids: string[], signal?: AbortSignal): Promise<void>;
  /** Ids of volumes with these tags. */
  volumes(tags: Record<string, string>, signal?: AbortSignal): Promise<string[]>;
  /** Both of EC2's checks: `ok`, `initializing`, `impaired`, `insufficient-data`. */
  checks(instance: string, signal?: AbortSignal): Promise<{ system: string; instance: string }>;
  /** What the machine wrote to its first serial port, as far as EC2 kept it. */
  console(instance: string, signal?: AbortSignal): Promise<string>;
  /** What its screen shows, as a file; undefined when there is none to be had. */
  picture(instance: string, signal?: AbortSignal): Promise<Buffer | undefined>;
}
