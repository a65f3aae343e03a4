import type { AwsRecovery } from '../../aws/recovery/cloud.ts';
import { type Diagnostic, Failure, world } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { ReadIo } from '../../engine/model/io.ts';
import type { Asked } from '../../engine/model/resource-type.ts';
import type { CloudType } from '../../recovery/model/instance-types.ts';
import { among, rightSize, unfit, usualFamilies } from '../../recovery/target/sizing.ts';
import { findVm } from '../../replication/model/find-vm.ts';
import { guestFamily, type MachineRecord } from '../../replication/model/machine.ts';
import { repositoryRef } from '../shared/repository-property.ts';
import type { RecoveryTargetProperties } from './recovery-target-schema.ts';

/** What the names of a declaration stand for. */
export interface Resolved {
  vpc: string;
  groups: string[];
  keyPair?: string;
  type: string;
  /** Why that type, where it was chosen. */
  why?: string;
  /** That its administrators come in by. */
  adminPort?: 3389 | 22;
}

/** The machine of the newest point, the live VM isn't asked; undefined while there is no point that tells. */
export async function recordedMachine(
  { title, properties }: Asked<RecoveryTargetProperties>,
  io: ReadIo,
): Promise<MachineRecord | undefined> {
  if (properties.repository === undefined) return undefined;
  const repositories = await io.client('repositories');
  const repository = await repositories.open(repositoryRef(properties.repository), 'read');
  const vm = repository && (await findVm(repository, title));
  return (await vm?.newest())?.machine;
}

/** Whether what is declared can't be told from the manifest alone. */
export const needsMachine = ({ instance_type, admin_cidrs, license }: RecoveryTargetProperties): boolean =>
  instance_type === undefined || (admin_cidrs !== undefined && license === undefined);

/** All types that a declaration may come to. */
export const typesFor = (
  { instance_type, families, fallback }: RecoveryTargetProperties,
  { types }: Pick<AwsRecovery, 'types'>,
  signal?: AbortSignal,
): Promise<CloudType[]> => {
  const chosen =
    instance_type === undefined ? (families ?? usualFamilies).map(family => `${family}.*`) : [instance_type];
  return types.list([...chosen, ...(fallback?.instance_types ?? [])], signal);
};

/** The type that is declared, or the one that fits the machine. */
export function typeOf(
  { instance_type, families = [...usualFamilies], tenancy }: RecoveryTargetProperties,
  machine: MachineRecord | undefined,
  types: readonly CloudType[],
): { type: string; why?: string } | undefined {
  if (instance_type !== undefined) return { type: instance_type };
  return machine && rightSize(machine, types, families, tenancy === 'host');
}

/**
 * Looks up all that a declaration names and holds it against the recorded machine.
 *
 * @throws Failure with everything that is wrong
 */
export async function resolve(
  asked: Asked<RecoveryTargetProperties>,
  machine: MachineRecord | undefined,
  cloud: AwsRecovery,
  signal?: AbortSignal,
): Promise<Resolved> {
  const { title, properties } = asked;
  const against: Diagnostic[] = licenseAgainst(title, properties, machine);
  const types = await typesFor(properties, cloud, signal);
  against.push(...typesAgainst(title, properties, machine, types));
  const chosen = typeOf(properties, machine, types);
  if (!chosen && machine) against.push(nothingFits(title, properties, machine));

  const net = await cloud.groups.subnet(properties.subnet, signal);
  if (!net) against.push(noSubnet(properties.subnet));
  for (const other of properties.fallback?.subnets ?? []) {
    const found = await cloud.groups.subnet(other, signal);
    if (!found) against.push(noSubnet(other));
    else if (net && found.vpc !== net.vpc) against.push(otherVpc(other, properties.subnet));
  }
  const known = net ? await cloud.groups.list({ vpc: net.vpc }, signal) : [];
  const groups = properties.security_groups.map(word => {
    const found = known.find(({ id, name }) => id === word || name === word);
    if (!found && net)
      against.push(
        notFound(
          'group-not-found',
          `${net.vpc} has no security group ${word}`,
          word,
          known.map(it => it.name),
        ),
      );
    return found?.id ?? '';
  });
  const keyPair = await keyPairOf(properties.key_pair, cloud, against, signal);
  if (against.length > 0 || !net || !chosen) throw new Failure(against);
  const isWindows = properties.license !== undefined || (machine && guestFamily(machine) === 'windows');
  return {
    vpc: net.vpc,
    groups,
    ...(keyPair !== undefined && { keyPair }),
    ...chosen,
    ...(properties.admin_cidrs && { adminPort: isWindows ? 3389 : 22 }),
  };
}

function licenseAgainst(
  vm: string,
  { license }: RecoveryTargetProperties,
  machine: MachineRecord | undefined,
): Diagnostic[] {
  if (!machine) return [];
  const family = guestFamily(machine);
  if (family === 'windows' && license === undefined)
    return [
      world(
        'license-required',
        `${vm} runs ${machine.guest_id}, and its recovery_target doesn't say under whose licence`,
        { hint: 'add `license: aws`, which is billed by the hour, or `license: byol` with a `tenancy`' },
      ),
    ];
  if (family !== 'windows' && license !== undefined)
    return [
      world('license-not-windows', `${vm} runs ${machine.guest_id}: it takes no licence of Windows`, {
        hint: 'remove `license`',
      }),
    ];
  return [];
}

function typesAgainst(
  vm: string,
  { instance_type, fallback, tenancy }: RecoveryTargetProperties,
  machine: MachineRecord | undefined,
  types: readonly CloudType[],
): Diagnostic[] {
  const named = [
    ...(instance_type === undefined ? [] : [instance_type]),
    ...(fallback?.instance_types ?? []),
  ];
  return named.flatMap(name => {
    const type = types.find(one => one.name === name);
    if (!type)
      return notFound(
        'type-not-found',
        `the region has no instance type ${name} of x86-64`,
        name,
        types.map(one => one.name),
      );
    const why = machine && unfit(machine, type, tenancy === 'host');
    return why === undefined
      ? []
      : world('type-unfit', own`${vm} can't run on it: ${why}`, { hint: 'name another type' });
  });
}

async function keyPairOf(
  wanted: string | undefined,
  { groups }: AwsRecovery,
  against: Diagnostic[],
  signal?: AbortSignal,
): Promise<string | undefined> {
  if (wanted === undefined) return undefined;
  const pairs = await groups.keyPairs(signal);
  const found = pairs.find(({ id, name }) => id === wanted || name === wanted);
  const names = pairs.map(({ name }) => name);
  if (!found) against.push(notFound('key-pair-not-found', `there is no key pair ${wanted}`, wanted, names));
  return found?.name;
}

const nothingFits = (vm: string, { families, tenancy }: RecoveryTargetProperties, machine: MachineRecord) =>
  world(
    'no-type-fits',
    `no instance type for ${vm}: there is none of ${among(machine, families ?? usualFamilies, tenancy === 'host')}`,
    { hint: 'name the type by `instance_type`, or more `families`' },
  );

const noSubnet = (id: string) =>
  world('network-not-found', `there is no subnet ${id}`, { hint: 'correct its id' });

const otherVpc = (other: string, first: string) =>
  world('other-vpc', `${other} is in another VPC than ${first}: its security groups aren't there`, {
    hint: 'name subnets of one VPC',
  });

function notFound(
  code: 'group-not-found' | 'key-pair-not-found' | 'type-not-found',
  message: string,
  word: string,
  known: readonly string[],
): Diagnostic {
  return world(code, message, { hint: suggest(word, [...known]) ?? 'correct the name, or make it first' });
}
