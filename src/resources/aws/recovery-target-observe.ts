import type { AwsRecovery } from '../../aws/recovery/cloud.ts';
import type { FoundTemplate } from '../../aws/recovery/templates.ts';
import { type Diagnostic, world } from '../../diagnostics/diagnostic.ts';
import type { ReadIo } from '../../engine/model/io.ts';
import type { Asked, Observation } from '../../engine/model/resource-type.ts';
import type { CloudGroup } from '../../recovery/model/groups.ts';
import { oneDiagnostic } from '../shared/one-diagnostic.ts';
import { isMarked } from '../shared/ownership.ts';
import {
  adminName,
  foreign,
  OWNER,
  quarantineName,
  sizeFits,
  templateName,
} from './recovery-target-names.ts';
import { recordedMachine, typeOf, typesFor } from './recovery-target-resolve.ts';
import type { RecoveryTargetProperties } from './recovery-target-schema.ts';

/** A target as plans compare it: names as the manifest writes them. */
export type TargetState = Omit<
  RecoveryTargetProperties,
  'repository' | 'replica' | 'families' | 'method' | 'import' | 'role' | 'subnet' | 'security_groups'
> & {
  /** Of a target whose type is chosen: whether that is still the one that fits. */
  size?: string;
  subnet?: string;
  security_groups?: string[];
  /** Whether the group that it launches into lets nothing in or out. */
  quarantine: 'shut' | 'open' | 'gone';
  /** `unrecorded`: no record can say that it was made by converge. */
  owner?: 'converge' | 'unrecorded';
};

/** Given the tag by somebody, a template is adopted: what it says otherwise is a difference later. */
const isForeign = ({ tags }: FoundTemplate, vm: string): boolean => tags[OWNER] !== vm;

export async function observeTarget(
  asked: Asked<RecoveryTargetProperties>,
  cloud: AwsRecovery,
  io: ReadIo,
): Promise<Observation<TargetState>> {
  try {
    return await observe(asked, cloud, io);
  } catch (error) {
    io.signal.throwIfAborted();
    return { state: 'failed', diagnostic: oneDiagnostic(error) };
  }
}

async function observe(
  asked: Asked<RecoveryTargetProperties>,
  cloud: AwsRecovery,
  io: ReadIo,
): Promise<Observation<TargetState>> {
  const { title, properties } = asked;
  const [found, groups] = await Promise.all([
    cloud.templates.find(templateName(title), io.signal),
    cloud.groups.list({ tags: { [OWNER]: title } }, io.signal),
  ]);
  if (found && isForeign(found, title)) return { state: 'failed', diagnostic: foreign(title, found.id) };
  const size = await sizeOf(asked, found, cloud, io);
  // Groups that a run which died has left are of it too: so they go when it goes.
  if (!found && groups.length === 0) return { state: 'absent', ...size.told };
  const quarantine = quarantineOf(title, found, groups);
  const revision = revisionOf(found);
  if (!found) return { state: 'present', revision, value: { quarantine }, ...size.told };
  const { says } = found;
  const { later } = says;
  const [inVpc, pairs] = await Promise.all([namesOf(properties, cloud, io), keyPairs(properties, cloud, io)]);
  const spelt = (id: string) => {
    const name = inVpc.find(group => group.id === id)?.name;
    return properties.security_groups?.find(word => word === id || word === name) ?? id;
  };
  const pair = pairs.find(({ name }) => name === says.key_pair);
  const admin = groups.find(group => group.id === later.admin_group && group.name === adminName(title));
  const value: TargetState = {
    ...(properties.instance_type === undefined ? { size: size.is } : { instance_type: says.instance_type }),
    subnet: says.subnet,
    security_groups: later.security_groups.map(spelt),
    ...(says.private_address !== undefined && { private_address: says.private_address }),
    ...(says.key_pair !== undefined && {
      key_pair: properties.key_pair === pair?.id ? properties.key_pair : says.key_pair,
    }),
    ...(later.instance_profile !== undefined && { instance_profile: later.instance_profile }),
    ...(later.license !== undefined && { license: later.license as 'aws' }),
    ...(later.shell !== undefined && { shell: later.shell as 'stock' }),
    ...(says.tenancy !== undefined && { tenancy: says.tenancy }),
    ...(says.host_resource_group !== undefined && { host_resource_group: says.host_resource_group }),
    ...(says.tags && { tags: says.tags }),
    ...((later.instance_types || later.subnets) && {
      fallback: {
        ...(later.instance_types && { instance_types: later.instance_types }),
        ...(later.subnets && { subnets: later.subnets }),
      },
    }),
    ...(admin && { admin_cidrs: admin.rules.map(({ peer }) => peer) }),
    quarantine,
    owner: isMarked(found.tags) ? 'converge' : 'unrecorded',
  };
  const declared = Object.fromEntries(
    Object.entries(value).filter(([key]) => alwaysManaged.has(key) || Object.hasOwn(properties, key)),
  ) as unknown as TargetState;
  return { state: 'present', revision, value: declared, ...size.told };
}

/** Which template it is, its default version and its newest one; of groups alone, that there is none. */
const revisionOf = (found: FoundTemplate | undefined): string =>
  found ? `${found.id} ${found.version} ${found.latest}` : noTemplate;

const noTemplate = 'no template';

/** The template that was seen, and its newest version then; undefined when there was none. */
export function templateIn(revision = noTemplate): { template: string; latest: number } | undefined {
  if (revision === noTemplate) return undefined;
  const [template = '', , latest] = revision.split(' ');
  return { template, latest: Number(latest) };
}

/** What the manifest doesn't say isn't looked at; of these it always says. */
const alwaysManaged: ReadonlySet<string> = new Set(['size', 'quarantine', 'shell', 'owner']);

const quarantineOf = (vm: string, found: FoundTemplate | undefined, groups: readonly CloudGroup[]) => {
  const group = groups.find(({ name }) => name === quarantineName(vm));
  if (!group || (found && found.says.quarantine !== group.id)) return 'gone';
  return group.rules.length === 0 ? 'shut' : 'open';
};

const namesOf = async (
  { subnet, security_groups = [] }: RecoveryTargetProperties,
  { groups }: AwsRecovery,
  io: ReadIo,
): Promise<CloudGroup[]> => {
  if (security_groups.every(word => word.startsWith('sg-'))) return [];
  const net = await groups.subnet(subnet, io.signal);
  return net ? groups.list({ vpc: net.vpc }, io.signal) : [];
};

const keyPairs = async ({ key_pair }: RecoveryTargetProperties, { groups }: AwsRecovery, io: ReadIo) =>
  key_pair?.startsWith('key-') ? groups.keyPairs(io.signal) : [];

/** Whether the type is the one that fits, and where it isn't which one will be, for the plan to say. */
async function sizeOf(
  asked: Asked<RecoveryTargetProperties>,
  found: FoundTemplate | undefined,
  cloud: AwsRecovery,
  io: ReadIo,
): Promise<{ is: string; told: { warnings?: Diagnostic[] } }> {
  if (asked.properties.instance_type !== undefined) return { is: sizeFits, told: {} };
  const machine = await recordedMachine(asked, io);
  const types = machine ? await typesFor(asked.properties, cloud, io.signal) : [];
  const choice = typeOf(asked.properties, machine, types);
  const now = found?.says.instance_type;
  // Without a point nothing is known to be better than what is there.
  if (!choice) return { is: now === undefined ? 'not chosen' : sizeFits, told: {} };
  if (choice.type === now) return { is: sizeFits, told: {} };
  const told = world('type-chosen', `${asked.title} will run on ${choice.type}: ${choice.why}`, {
    hint: 'declare `instance_type` to have another',
  });
  return { is: `${now ?? 'none'}, where ${choice.type} fits`, told: { warnings: [told] } };
}
