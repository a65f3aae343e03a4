import type { FleetMember } from '../../instance/member.ts';

/** What the account has in EC2, as `ec2/world.json` keeps it. Times are milliseconds since the epoch. */
export interface Ec2State {
  version: 1;
  vpcs: Record<string, Vpc>;
  subnets: Record<string, Subnet>;
  groups: Record<string, SecurityGroup>;
  routeTables: Record<string, RouteTable>;
  gateways: Record<string, Gateway>;
  endpoints: Record<string, Endpoint>;
  /** Network interfaces that belong to no instance. */
  interfaces?: Record<string, LoneInterface>;
  dhcpOptions: Record<string, Record<string, string[]>>;
  keyPairs: Record<string, KeyPair>;
  images: Record<string, LabImage>;
  snapshots: Record<string, LabSnapshot>;
  volumes: Record<string, LabVolume>;
  instances: Record<string, LabInstance>;
  templates: Record<string, Template>;
  replaceTasks: Record<string, ReplaceTask>;
  importTasks: Record<string, ImportTask>;
  automations: Record<string, Automation>;
  schedules: Record<string, Schedule>;
  /** Ids of Resolver rules by VPC: what sends its questions for names elsewhere. */
  resolverRules: Record<string, string[]>;
  /** What else is associated with VPCs, by VPC: of a lab from before there was any, undefined. */
  associations?: Record<string, Association[]>;
  /** Hosted zones of Route 53, by their id: of a lab from before there was any, undefined. */
  zones?: Record<string, LabZone>;
  /** Tags by the id of what has them. */
  tags: Record<string, Record<string, string>>;
  /** By `OPERATION TOKEN`: what was asked for with it, and what that made. */
  tokens: Record<string, { asked: string; made: string[] }>;
  encryptByDefault: boolean;
}

export interface LabZone {
  id: string;
  /** With the dot at its end. */
  name: string;
  /** What whoever made it called that. */
  reference: string;
  private: boolean;
  records: LabRecord[];
}
/** As Route 53 says it. */
export interface LabRecord {
  Name: string;
  Type: string;
  SetIdentifier?: string;
  TTL?: number;
  ResourceRecords?: { Value: string }[];
  AliasTarget?: object;
}

export interface Vpc {
  id: string;
  cidr: string;
  isDefault: boolean;
  dhcpOptions: string;
  dnsSupport: boolean;
  dnsHostnames: boolean;
  /** A block of IPv6, where it was made with one. */
  ipv6?: string;
}
export interface Subnet {
  id: string;
  vpc: string;
  zone: string;
  cidr: string;
  isDefault: boolean;
  publicIp: boolean;
  /** A block of IPv6, where it has one. */
  ipv6?: string;
  /** The account that shares it, where it is another one's. */
  owner?: string;
}
/** `protocol`: tcp, udp, icmp or -1. `peer`: CIDR, sg-… or pl-…. */
export interface Rule {
  id: string;
  egress: boolean;
  protocol: string;
  from?: number;
  to?: number;
  peer: string;
  description?: string;
}
export interface SecurityGroup {
  id: string;
  vpc: string;
  name: string;
  description: string;
  rules: Rule[];
}
export interface RouteTable {
  id: string;
  vpc: string;
  main: boolean;
  subnets: string[];
  /** `target`: local, igw-…, nat-…, vgw-…, tgw-…, pcx-…, eigw-…, lgw-…, cagw-…, i-…, eni-…. */
  routes: { destination: string; target: string }[];
}
export interface Gateway {
  id: string;
  kind: 'internet' | 'nat' | 'vpn' | 'transit' | 'peering' | 'egress-only';
  /** Empty while it is attached to none. */
  vpc: string;
  subnet?: string;
  /** Of a peering connection the other VPC, of a transit attachment its gateway. */
  peer?: string;
}
export interface Endpoint {
  id: string;
  vpc: string;
  service: string;
  type: 'Interface' | 'Gateway';
}
export interface LoneInterface {
  id: string;
  subnet: string;
  groups: string[];
  privateIp: string;
  mac: string;
  description: string;
  /** Of a service, such as a load balancer: as EC2 names its kind. */
  service?: string;
  publicIp?: string;
  /** The instance that has it as its second one. */
  instance?: string;
}
export interface KeyPair {
  id: string;
  name: string;
  fingerprint: string;
  created: number;
}

/**
 * Milliseconds for which what was just made is pending at a first look; a second one ends it at any time. In
 * EC2 it is some seconds.
 */
export const PENDING = 1_900;

export interface LabImage {
  id: string;
  name: string;
  description?: string;
  owner: string;
  ownerAlias?: 'amazon';
  isPublic: boolean;
  created: number;
  state: 'pending' | 'available' | 'failed';
  architecture: 'x86_64' | 'arm64';
  rootDevice: string;
  devices: ImageDevice[];
  bootMode?: 'legacy-bios' | 'uefi' | 'uefi-preferred';
  tpm: boolean;
  ena: boolean;
  platform?: 'windows';
  platformDetails: string;
  usageOperation: string;
  imdsV2: boolean;
  /** By import: the shell of a machine of one's own. */
  importTask?: string;
}
export interface ImageDevice {
  device: string;
  snapshot?: string;
  /** GiB. */
  size: number;
  type: string;
  deleteOnTermination: boolean;
  encrypted: boolean;
}

export interface LabSnapshot {
  id: string;
  /** GiB. */
  size: number;
  /** `completing`: sealed, and shown as pending once more. */
  state: 'pending' | 'completing' | 'completed' | 'error';
  stateMessage?: string;
  started: number;
  description: string;
  owner: string;
  /** Of a volume; EBS direct has no volume. */
  volume?: string;
  parent?: string;
  encrypted: boolean;
  key?: string;
  /** The snapshot or volume that this goes back to through all its parents. */
  lineage: string;
  /** Name of its table. While it is pending, what was put; its parent's is below. */
  table: string;
  base?: string;
  /** Minutes without a block after which it fails. Undefined: not made by EBS direct. */
  timeout?: number;
  /** When it began, or the last block that was noted came. */
  lastBlock?: number;
  sealed?: { count: number; checksum?: string };
}

export interface LabVolume {
  id: string;
  zone: string;
  /** GiB. */
  size: number;
  type: string;
  iops?: number;
  throughput?: number;
  state: 'creating' | 'available' | 'in-use';
  created: number;
  snapshot?: string;
  encrypted: boolean;
  key?: string;
  initializationRate?: number;
  lineage: string;
  /** The table that it began with, and the one that holds what was written since. */
  base?: string;
  own: string;
  /**
   * Its blocks as they were when an instance first ran with it. `root`: the volume that the instance ran
   * from.
   */
  first?: { table: string; at: number; instance: string; root?: string };
}

export interface Attachment {
  device: string;
  volume: string;
  deleteOnTermination: boolean;
  at: number;
  state: 'attaching' | 'attached' | 'detaching';
}
export interface LabInstance {
  id: string;
  reservation: string;
  token?: string;
  image: string;
  type: string;
  subnet: string;
  privateIp: string;
  groups: string[];
  key?: string;
  profile?: string;
  launched: number;
  /** When it was last started after that, which is what EC2 calls its launch time. */
  started?: number;
  /** When it was last told to start or to stop. */
  told?: number;
  state: FleetMember['state'];
  stateReason?: { code: string; message: string };
  systemCheck: FleetMember['systemCheck'];
  instanceCheck: FleetMember['instanceCheck'];
  rootDevice: string;
  devices: Attachment[];
  interface: { id: string; mac: string; attachment: string };
  bootMode?: LabImage['bootMode'];
  platform?: 'windows';
  platformDetails: string;
  usageOperation: string;
  tpm: boolean;
  architecture: LabImage['architecture'];
  tenancy: 'default' | 'dedicated' | 'host';
  hostResourceGroup?: string;
  shutdownTerminates: boolean;
  protected: boolean;
  userData?: string;
  metadata: { tokens: 'optional' | 'required'; tags: 'enabled' | 'disabled'; hops: number };
  /** What its bytes say about booting, or QEMU did. */
  boot?: Boot;
}
export interface Boot {
  /** `bytes`: decided by reading the disk; `qemu`: it was booted. */
  by: 'bytes' | 'qemu';
  boots: boolean;
  console: string;
  /** When it was powered on. */
  at: number;
  /** When QEMU's machine was last looked at. */
  seen?: number;
  /** Port of the machine to port on 127.0.0.1, while QEMU runs it. */
  ports?: Record<number, number>;
}

export interface Template {
  id: string;
  name: string;
  created: number;
  defaultVersion: number;
  versions: { number: number; description?: string; created: number; data: Record<string, unknown> }[];
  /** Numbers are never used again. */
  lastVersion: number;
}

export interface ReplaceTask {
  id: string;
  instance: string;
  state: 'pending' | 'in-progress' | 'succeeded' | 'failing' | 'failed' | 'failed-detached';
  started: number;
  completed?: number;
  volume?: string;
  snapshot?: string;
  image?: string;
  deleteReplaced: boolean;
}
export interface ImportTask {
  id: string;
  state: 'active' | 'completed' | 'deleting' | 'deleted';
  began: number;
  /** How often it was looked at: the phase that its message names follows from it. */
  step: number;
  message: string;
  description?: string;
  platform: 'Windows' | 'Linux';
  licenseType?: string;
  usageOperation?: string;
  bootMode?: LabImage['bootMode'];
  /** What it reads, root first. */
  disks: ({ snapshot: string } | { bucket: string; key: string })[];
  image?: string;
  fail?: string;
}
export interface Automation {
  id: string;
  token?: string;
  /** What was asked for, as JSON. */
  asked: string;
  document: string;
  state: 'InProgress' | 'Success' | 'Failed';
  started: number;
  ended?: number;
  parameters: Record<string, string[]>;
  targetParameter?: string;
  targets: { key: string; values: string[] }[];
  outcome: Record<string, string>;
}
export interface Schedule {
  name: string;
  group: string;
  token?: string;
  created: number;
  /** As it was given, with times as ISO texts. */
  input: Record<string, unknown>;
  /** When it is due next; undefined: never again. */
  due?: number;
  /** What came of its runs, oldest first. */
  runs: { at: number; error?: string }[];
}

/** What gives a VPC names from elsewhere, and isn't EC2's own. */
export interface Association {
  kind: 'profile' | 'zone';
  /** Of a zone its name, `corp.example.com`. */
  id: string;
}
