import type { BuiltInType } from '../../engine/model/resource-type.ts';
import { canonicalNetwork } from '../../io/ip-address.ts';
import { eachStep } from '../shared/each-step.ts';
import { pointsCapability, repositoryClaims } from '../shared/repository-property.ts';
import { checkTarget } from './recovery-target-check.ts';
import { type ListedTarget, listTargets, targetToManifest } from './recovery-target-list.ts';
import { sizeFits } from './recovery-target-names.ts';
import type { TargetState } from './recovery-target-observe.ts';
import { type RecoveryTargetProperties, schema, shellOf } from './recovery-target-schema.ts';

export const recoveryTarget: BuiltInType<typeof schema, TargetState, ListedTarget> = {
  name: 'recovery_target',
  doc: `How a VM is run in EC2 when its home is gone. The title is the VM's name, as the repository has it.

It is an EC2 launch template, \`converge-VM\`, which is there before any disaster; \`converge replicate VM --replica\`
keeps the VM's disks beside it as EBS snapshots, and a \`recovery_plan\` names it. It depends on the newest point that the
repository holds, never on the VM itself. The template launches into a security group of its own that lets nothing in or
out; what a machine gets once it has its own disks is in the tags that the template gives it.`,
  version: 2,
  protects: true,
  schema,
  runs: { on: 'remote', target: 'aws' },
  realm: { name: 'ec2', concurrency: 4 },
  takesFrom: { repository: 'protected_vm' },
  check: checkTarget,
  identity: (_, title) => title.toLowerCase(),
  provides: (_, of) => [`recovery-target:${of}`],
  claims: ({ repository }, _, where) => (repository === undefined ? [] : repositoryClaims(repository, where)),
  needs: ({ repository }, of) =>
    repository === undefined ? [] : [{ anyOf: [pointsCapability(repository, of)] }],
  desired: desiredState,
  async observe(asked, io) {
    const { observeTarget } = await import('./recovery-target-observe.ts');
    const cloud = await io.client('recovery');
    return new Map(
      await Promise.all(asked.map(async one => [one.id, await observeTarget(one, cloud, io)] as const)),
    );
  },
  findSource: async (asked, io) => (await import('./recovery-target-change.ts')).findPoint(asked, io),
  list: listTargets,
  toManifest: targetToManifest,
  async apply(steps, io) {
    const { change } = await import('./recovery-target-change.ts');
    const cloud = await io.client('recovery');
    return eachStep(steps, step => change(step, cloud, io));
  },
};

/** Everything but what isn't seen in EC2: where points lie, how a replica is kept, and what it
 * is to others. */
function desiredState(properties: RecoveryTargetProperties): TargetState {
  const {
    repository: _,
    replica: __,
    families: ___,
    method: ____,
    role: _____,
    import: ______,
    instance_type,
    admin_cidrs,
    ...seen
  } = properties;
  const shell = shellOf(properties);
  return {
    ...seen,
    ...(admin_cidrs && { admin_cidrs: admin_cidrs.map(one => canonicalNetwork(one) ?? one) }),
    ...(instance_type === undefined ? { size: sizeFits } : { instance_type }),
    ...(shell !== undefined && { shell }),
    quarantine: 'shut',
    owner: 'converge',
  };
}
