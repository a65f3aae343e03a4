import { type Diagnostic, Failure, world } from '../../../diagnostics/diagnostic.ts';
import type { CatalogResource } from '../../../engine/model/catalog.ts';
import type { Landing } from '../../../recovery/run/run.ts';
import { foreign, OWNER, templateName } from '../../../resources/aws/recovery-target-names.ts';
import type { Recovering } from '../open/with-declared.ts';

/**
 * Where each machine is put, by the title of its target: what its launch template says, which is there when
 * home isn't.
 *
 * @throws Failure `template-not-found`, `template-foreign`, with all that are
 */
export async function landingsOf(
  { cloud }: Recovering,
  targets: readonly CatalogResource[],
  signal: AbortSignal,
): Promise<Map<string, Landing>> {
  const landings = new Map<string, Landing>();
  const against: Diagnostic[] = [];
  for (const { title, at } of targets) {
    const found = await cloud.templates.find(templateName(title), signal);
    if (!found)
      against.push(
        world(
          'template-not-found',
          `there is no launch template ${templateName(title)} that says where ${title} is put`,
          {
            at,
            hint: 'apply its recovery_target first',
          },
        ),
      );
    else if (found.tags[OWNER] !== title) against.push({ ...foreign(title, found.id), at });
    else {
      const { subnet, quarantine, tags, later } = found.says;
      const { subnets = [], security_groups, admin_group, instance_profile } = later;
      landings.set(title, {
        subnets: [...new Set([subnet, ...subnets])],
        quarantine,
        groups: [...security_groups, ...(admin_group === undefined ? [] : [admin_group])],
        ...(instance_profile !== undefined && { profile: instance_profile }),
        ...(tags && { tags }),
      });
    }
  }
  if (against.length > 0) throw new Failure(against);
  return landings;
}
