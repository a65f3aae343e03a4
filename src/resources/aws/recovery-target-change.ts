import type { AwsRecovery } from '../../aws/recovery/cloud.ts';
import type { MachineTemplate } from '../../aws/recovery/templates.ts';
import { type Diagnostic, Failure, world } from '../../diagnostics/diagnostic.ts';
import type { ReadIo, WriteIo } from '../../engine/model/io.ts';
import type { Asked, SourceTrouble, Step } from '../../engine/model/resource-type.ts';
import { bringGroup } from '../../recovery/target/guard-groups.ts';
import { sha256 } from '../../values/digest.ts';
import { claimed, demandOurs, isMarked } from '../shared/ownership.ts';
import { pointsCapability } from '../shared/repository-property.ts';
import { adminName, adminRules, OWNER, quarantineName, templateName } from './recovery-target-names.ts';
import { type TargetState, templateIn } from './recovery-target-observe.ts';
import { needsMachine, type Resolved, recordedMachine, resolve } from './recovery-target-resolve.ts';
import { type RecoveryTargetProperties, shellOf } from './recovery-target-schema.ts';

const type = 'recovery_target';

/** What a plan has to know so that it promises nothing that has to fail. */
export async function findPoint(
  asked: Asked<RecoveryTargetProperties>,
  io: ReadIo,
): Promise<SourceTrouble | undefined> {
  const machine = await recordedMachine(asked, io);
  const { repository } = asked.properties;
  if (!machine && needsMachine(asked.properties) && repository !== undefined)
    return {
      state: 'unknown',
      waitsFor: pointsCapability(repository, asked.id),
      hint: `make the first point: \`converge replicate ${asked.title} PATHS\`, or declare \`instance_type\``,
    };
  await resolve(asked, machine, await io.client('recovery'), io.signal);
  return undefined;
}

/** Makes one difference: the groups first, so that no template names one that isn't there. */
export async function change(
  step: Step<RecoveryTargetProperties, TargetState>,
  cloud: AwsRecovery,
  io: WriteIo,
): Promise<void> {
  const { asked, signal } = step;
  const name = templateName(asked.title);
  const seen = templateIn(step.revision);
  if (step.kind === 'delete') return remove(step, seen?.template, cloud, io);

  const found = seen && (await cloud.templates.find(name, signal));
  if (found?.id !== seen?.template) throw overtaken(name);
  const resolved = await resolve(asked, await machineFor(asked, io), cloud, signal);
  const tags = { [OWNER]: asked.title };
  const claim = found && isMarked(found.tags) ? undefined : await claimed(type, step.id, io);
  const madeBy = claim?.tags ?? {};
  await io.step('quarantine-group');
  const description = `${asked.title}: until it has its own disks`;
  const quarantine = await bringGroup(
    cloud.groups,
    { name: quarantineName(asked.title), vpc: resolved.vpc, description, tags, madeBy, rules: [] },
    signal,
  );
  let admin: string | undefined;
  if (resolved.adminPort !== undefined) {
    await io.step('admin-group');
    const rules = adminRules(asked.properties.admin_cidrs ?? [], resolved.adminPort);
    const wanted = { name: adminName(asked.title), vpc: resolved.vpc, tags, madeBy, rules };
    admin = await bringGroup(
      cloud.groups,
      { ...wanted, description: `${asked.title}: its administrators` },
      signal,
    );
  }
  const declared = templateOf(asked.properties, resolved, quarantine, admin);
  const says = found ? withUndeclared(declared, found.says, asked.properties) : declared;
  await io.step(`${step.kind}-template`);
  if (seen) {
    if (claim) {
      await claim.made(seen.template);
      await cloud.shells.tag(seen.template, madeBy, signal);
    }
    if (!(await cloud.templates.change(seen.template, says, seen.latest, signal))) throw overtaken(name);
    return;
  }
  const token = sha256(JSON.stringify([name, says, io.clock.now()]));
  const wanted = { name, token, tags: { ...tags, ...madeBy }, says };
  if (!(await cloud.templates.create(wanted, signal))) throw overtaken(name);
  // Where it isn't seen yet, its tag and the record that it was begun say the same.
  const made = await cloud.templates.find(name, signal);
  if (made) await claim?.made(made.id);
}

const overtaken = (name: string): Failure =>
  new Failure(
    world('changed-meanwhile', `somebody else changed the launch template ${name} at the same time`, {
      hint: 'run again: the new plan shows what differs now',
    }),
  );

/** @throws Failure `machine-unknown` when the declaration can't do without it */
async function machineFor(asked: Asked<RecoveryTargetProperties>, io: ReadIo) {
  const machine = await recordedMachine(asked, io);
  if (machine || !needsMachine(asked.properties)) return machine;
  throw new Failure(
    world('machine-unknown', `no recovery point tells what machine ${asked.title} is`, {
      hint: `make one: \`converge replicate ${asked.title} PATHS\`, or declare \`instance_type\` and \`license\``,
    }),
  );
}

function templateOf(
  properties: RecoveryTargetProperties,
  { groups, keyPair, type }: Resolved,
  quarantine: string,
  admin: string | undefined,
): MachineTemplate {
  const { subnet, private_address, tenancy, host_resource_group, tags } = properties;
  const { instance_profile, license, fallback } = properties;
  const shell = shellOf(properties);
  return {
    instance_type: type,
    subnet,
    ...(private_address !== undefined && { private_address }),
    quarantine,
    ...(keyPair !== undefined && { key_pair: keyPair }),
    ...(tenancy !== undefined && { tenancy }),
    ...(host_resource_group !== undefined && { host_resource_group }),
    ...(tags && { tags }),
    later: {
      security_groups: groups,
      ...(admin !== undefined && { admin_group: admin }),
      ...(instance_profile !== undefined && { instance_profile }),
      ...(license !== undefined && { license }),
      ...(shell !== undefined && { shell }),
      ...(fallback?.instance_types && { instance_types: fallback.instance_types }),
      ...(fallback?.subnets && { subnets: fallback.subnets }),
    },
  };
}

/** What the manifest doesn't say is left as somebody else has it. */
function withUndeclared(
  says: MachineTemplate,
  { later, ...now }: MachineTemplate,
  { fallback, tenancy }: RecoveryTargetProperties,
): MachineTemplate {
  const { host_resource_group, ...placed } = now;
  const { instance_types, subnets, ...others } = later;
  return {
    // Hosts go with `tenancy: host`, types with subnets: whoever declares one has said all about both.
    ...(tenancy === undefined || tenancy === 'host' ? now : placed),
    ...says,
    later: { ...(fallback ? others : later), ...says.later },
  };
}

/** Groups first: as long as the template is there, what is left of them is found again. */
async function remove(
  { id: title, asked: { title: vm }, signal }: Step<RecoveryTargetProperties, TargetState>,
  template: string | undefined,
  cloud: AwsRecovery,
  io: WriteIo,
): Promise<void> {
  const found = template === undefined ? undefined : await cloud.templates.find(templateName(vm), signal);
  if (found) await demandOurs({ type, title, id: found.id, tags: found.tags }, io);
  for (const { id, name, tags } of await cloud.groups.list({ tags: { [OWNER]: vm } }, signal)) {
    // What a run left that never came to its template.
    if (!found) await demandOurs({ type, title, id, tags }, io);
    await io.step('delete-group');
    if (!(await cloud.groups.remove(id, signal))) throw new Failure(inUse(vm, name, id));
  }
  await io.step('delete-template');
  if (found) await cloud.templates.remove(found.id, signal);
}

const inUse = (vm: string, name: string, id: string): Diagnostic =>
  world('group-in-use', `${vm} can't be removed: a machine is still in its security group ${name} (${id})`, {
    hint: 'end what runs of it first: `converge failover cleanup PLAN`',
  });
