import { createHash } from 'node:crypto';
import { type BlockStore, blockBytes, digestOf } from '../../blocks/store.ts';
import type { TableStore } from '../../blocks/tables.ts';
import type { Ec2State, LabImage } from './state.ts';

/**
 * With what block 0 of the lab's stock images begins: nobody's disk does, and the lab knows that these boot.
 */
export const stockMark = 'converge lab: root of the stock image ';

const stockImages = [
  {
    name: 'al2023-ami-2023.9.20261101.0-kernel-6.12-x86_64',
    size: 8,
    bootMode: 'uefi-preferred',
    tpm: false,
  },
  {
    name: 'amzn2-ami-kernel-5.10-hvm-2.0.20261101.0-x86_64-gp2',
    size: 8,
    bootMode: 'legacy-bios',
    tpm: false,
  },
  { name: 'Windows_Server-2016-English-Full-Base-2026.11.12', size: 30, bootMode: 'legacy-bios', tpm: false },
  { name: 'Windows_Server-2019-English-Full-Base-2026.11.12', size: 30, bootMode: 'legacy-bios', tpm: false },
  { name: 'Windows_Server-2022-English-Full-Base-2026.11.12', size: 30, bootMode: 'legacy-bios', tpm: false },
  { name: 'Windows_Server-2025-English-Full-Base-2026.11.12', size: 30, bootMode: 'uefi', tpm: true },
  { name: 'TPM-Windows_Server-2019-English-Full-Base-2026.11.12', size: 30, bootMode: 'uefi', tpm: true },
  { name: 'TPM-Windows_Server-2022-English-Full-Base-2026.11.12', size: 30, bootMode: 'uefi', tpm: true },
] as const;

/** Amazon's accounts that own its images. */
const owners = { windows: '801119661308', linux: '137112412989' };

/**
 * What a new account has: the default VPC with a subnet in each of two zones, a VPC that reaches nothing
 * (`Name` isolated), a key pair `lab`, and Amazon's images. The same ids for the same region and account.
 */
export function newAccount(region: string, account: string, now: number): Ec2State {
  const id = (prefix: string, what: string) =>
    `${prefix}-0${createHash('sha256').update(`${what} of ${account} in ${region}`).digest('hex').slice(0, 16)}`;
  const state: Ec2State = {
    version: 1,
    vpcs: {},
    subnets: {},
    groups: {},
    routeTables: {},
    gateways: {},
    endpoints: {},
    dhcpOptions: {},
    keyPairs: {},
    images: {},
    snapshots: {},
    volumes: {},
    instances: {},
    templates: {},
    replaceTasks: {},
    importTasks: {},
    automations: {},
    schedules: {},
    resolverRules: {},
    tags: {},
    tokens: {},
    encryptByDefault: false,
  };
  const dhcp = id('dopt', 'options');
  state.dhcpOptions[dhcp] = {
    'domain-name': [`${region}.compute.internal`],
    'domain-name-servers': ['AmazonProvidedDNS'],
  };
  for (const [name, cidr, isDefault] of [
    ['default', '172.31.0.0/16', true],
    ['isolated', '10.99.0.0/16', false],
  ] as const) {
    const vpc = id('vpc', name);
    state.vpcs[vpc] = {
      id: vpc,
      cidr,
      isDefault,
      dhcpOptions: dhcp,
      dnsSupport: true,
      dnsHostnames: isDefault,
    };
    if (!isDefault) state.tags[vpc] = { Name: name };
    for (const [index, letter] of ['a', 'b'].entries()) {
      const subnet = id('subnet', `${name} ${letter}`);
      state.subnets[subnet] = {
        id: subnet,
        vpc,
        zone: `${region}${letter}`,
        cidr: isDefault ? `172.31.${index * 16}.0/20` : `10.99.${index + 1}.0/24`,
        isDefault,
        publicIp: isDefault,
      };
      if (!isDefault) state.tags[subnet] = { Name: `${name}-${letter}` };
    }
    const routes: { destination: string; target: string }[] = [{ destination: cidr, target: 'local' }];
    if (isDefault) {
      const gateway = id('igw', name);
      state.gateways[gateway] = { id: gateway, kind: 'internet', vpc };
      routes.push({ destination: '0.0.0.0/0', target: gateway });
    }
    const table = id('rtb', name);
    state.routeTables[table] = { id: table, vpc, main: true, subnets: [], routes };
    const everywhere = { id: id('sgr', `${name} out`), egress: true, protocol: '-1', peer: '0.0.0.0/0' };
    const group = id('sg', name);
    const within = { id: id('sgr', `${name} in`), egress: false, protocol: '-1', peer: group };
    state.groups[group] = {
      id: group,
      vpc,
      name: 'default',
      description: 'default VPC security group',
      rules: [within, everywhere],
    };
    if (isDefault) continue;
    const closed = id('sg', 'only each other');
    state.groups[closed] = {
      id: closed,
      vpc,
      name: 'recovery-test',
      description: 'machines of a test reach only each other',
      rules: [true, false].map(egress => ({
        id: id('sgr', `test ${egress}`),
        egress,
        protocol: '-1',
        peer: closed,
      })),
    };
  }
  const key = id('key', 'lab');
  state.keyPairs[key] = { id: key, name: 'lab', fingerprint: 'lab'.padEnd(40, '0'), created: now };
  for (const it of stockImages) addStock(state, id, it);
  return state;
}

function addStock(
  state: Ec2State,
  id: (prefix: string, what: string) => string,
  it: (typeof stockImages)[number],
) {
  const { name, size, bootMode, tpm } = it;
  const isWindows = name.includes('Windows');
  const owner = isWindows ? owners.windows : owners.linux;
  const snapshot = id('snap', name);
  const created = Date.UTC(2026, 10, 12);
  state.snapshots[snapshot] = {
    id: snapshot,
    size,
    state: 'completed',
    started: created,
    description: `Root of ${name}`,
    owner,
    encrypted: false,
    lineage: snapshot,
    table: snapshot,
  };
  const image: LabImage = {
    id: id('ami', name),
    name,
    owner,
    ownerAlias: 'amazon',
    isPublic: true,
    created,
    state: 'available',
    architecture: 'x86_64',
    rootDevice: isWindows ? '/dev/sda1' : '/dev/xvda',
    devices: [
      {
        device: isWindows ? '/dev/sda1' : '/dev/xvda',
        snapshot,
        size,
        type: isWindows ? 'gp2' : 'gp3',
        deleteOnTermination: true,
        encrypted: false,
      },
    ],
    bootMode,
    tpm,
    ena: true,
    ...(isWindows && { platform: 'windows' as const }),
    platformDetails: isWindows ? 'Windows' : 'Linux/UNIX',
    usageOperation: isWindows ? 'RunInstances:0002' : 'RunInstances',
    imdsV2: !isWindows,
  };
  state.images[image.id] = image;
}

/** Block 0 of each stock image, by its name. The same in each account, so it is made once. */
let stockBlocks: ReadonlyMap<string, { data: Buffer; digest: string }> | undefined;

function makeStockBlocks() {
  return new Map(
    stockImages.map(({ name }) => {
      const data = Buffer.alloc(blockBytes);
      data.write(`${stockMark}${name}\n`);
      return [name, { data, digest: digestOf(data) }];
    }),
  );
}

/** Puts the bytes of the stock images there. */
export async function plantStock(state: Ec2State, blocks: BlockStore, tables: TableStore): Promise<void> {
  stockBlocks ??= makeStockBlocks();
  for (const { name, devices } of Object.values(state.images)) {
    const { data, digest } = stockBlocks.get(name)!;
    const entry = { digest, stamp: digest.slice(0, 16) };
    await blocks.put(digest, data, () => tables.write(devices[0]!.snapshot!, new Map([[0, entry]])));
  }
}
