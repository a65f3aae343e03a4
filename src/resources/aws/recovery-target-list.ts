import type { FoundTemplate } from '../../aws/recovery/templates.ts';
import { type Diagnostic, world } from '../../diagnostics/diagnostic.ts';
import type { ReadIo } from '../../engine/model/io.ts';
import type { Adoptable, Listed, ListQuery } from '../../engine/model/resource-type.ts';
import { adminName, foreign, OWNER, templateName } from './recovery-target-names.ts';
import type { RecoveryTargetProperties } from './recovery-target-schema.ts';

export interface ListedTarget {
  vm: string;
  template: FoundTemplate;
  adminCidrs: string[];
  common: Partial<RecoveryTargetProperties>;
}

/** All launch templates with converge's tag; what lacks it isn't told from others' by its name. */
export async function* listTargets(
  { titles, common }: ListQuery<RecoveryTargetProperties>,
  io: ReadIo,
): AsyncIterable<Listed<ListedTarget>> {
  const { templates, groups } = await io.client('recovery');
  const wanted = titles && new Set(titles.map(title => title.toLowerCase()));
  const seen = new Set<string>();
  for (const template of await templates.list(OWNER, io.signal)) {
    const vm = template.tags[OWNER] ?? '';
    seen.add(vm.toLowerCase());
    if (wanted && !wanted.has(vm.toLowerCase())) continue;
    const own = await groups.list({ tags: { [OWNER]: vm } }, io.signal);
    const admin = own.find(
      ({ id, name }) => id === template.says.later.admin_group && name === adminName(vm),
    );
    const adminCidrs = (admin?.rules ?? []).map(({ peer }) => peer);
    yield { state: 'present', value: { vm, template, adminCidrs, common } };
  }
  for (const vm of titles ?? []) {
    if (seen.has(vm.toLowerCase())) continue;
    const theirs = await templates.find(templateName(vm), io.signal);
    yield { state: 'failed', diagnostic: theirs ? foreign(vm, theirs.id) : notThere(vm) };
  }
}

const notThere = (vm: string): Diagnostic =>
  world('template-not-found', `there is no launch template ${templateName(vm)}`, {
    hint: `declare a recovery_target ${vm}: applying it makes one`,
  });

/** The repository isn't in EC2: it comes from whoever asks, or from the VM's protection. */
export function targetToManifest({ vm, template, adminCidrs, common }: ListedTarget): Adoptable {
  const { quarantine: _, later, ...says } = template.says;
  const { security_groups, admin_group: __, instance_types, subnets, ...rest } = later;
  return {
    title: vm,
    properties: {
      ...common,
      ...says,
      security_groups,
      ...(adminCidrs.length > 0 && { admin_cidrs: adminCidrs }),
      ...rest,
      ...((instance_types || subnets) && {
        fallback: { ...(instance_types && { instance_types }), ...(subnets && { subnets }) },
      }),
    },
    exists: true,
    note: template.id,
  };
}
