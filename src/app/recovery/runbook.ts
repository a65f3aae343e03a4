import { type Diagnostic, Failure, given } from '../../diagnostics/diagnostic.ts';
import type { Catalog, CatalogResource } from '../../engine/model/catalog.ts';
import { resolveTarget } from '../../engine/model/targets.ts';
import { obstacles } from '../../recovery/failover/prepare.ts';
import { runbookLines } from '../../recovery/runbook/lines.ts';
import { newestPoint } from '../../replication/model/select-point.ts';
import { templateName } from '../../resources/aws/recovery-target-names.ts';
import { shellOf } from '../../resources/aws/recovery-target-schema.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions } from '../options.ts';
import { pointsOf, repositoryOf, targetProperties, withDeclared } from './open/with-declared.ts';

/**
 * Lines of a shell by which a person with the AWS CLI alone recovers every declared target. Undefined when
 * the manifests have mistakes, which were told. EC2 isn't asked, vSphere neither: what has to be known is in
 * the repository.
 *
 * @throws Failure with everything that speaks against recovering any of them
 */
export const runbook = (
  context: Context,
  paths: string[],
  options: CommonOptions,
): Promise<string[] | undefined> => {
  const targets = ({ resources }: Parameters<Parameters<typeof withDeclared>[3]>[0]) =>
    resources.filter(({ type, meta }) => type === 'recovery_target' && meta.ensure !== 'absent');
  const first = (catalog: Parameters<typeof targets>[0]) => {
    const [found] = targets(catalog);
    if (found) return found;
    throw new Failure(
      given('not-declared', 'the manifests declare no recovery_target', {
        hint: 'name the paths that declare them',
      }),
    );
  };
  const regionOf = (catalog: Catalog, { meta }: CatalogResource): string =>
    String(resolveTarget(catalog.targets, 'aws', meta.target).target?.properties.region);
  return withDeclared(context, paths, options, first, async ({ catalog, find, repository: open }) => {
    const lines = ['set -eu'];
    const against: Diagnostic[] = [];
    for (const target of targets(catalog)) {
      const properties = targetProperties(target);
      const repository = await open(repositoryOf(target));
      const point = (await newestPoint(await pointsOf(repository, target.title, find), target.title))!;
      const { license } = properties;
      const found = obstacles(point, license === undefined ? {} : { license });
      against.push(...found);
      if (found.length > 0 || !point.machine) continue;
      const shell = shellOf(properties);
      lines.push(
        '',
        ...runbookLines({
          repository: repository.id,
          point,
          machine: point.machine,
          template: templateName(target.title),
          region: regionOf(catalog, target),
          ...(license !== undefined && { license }),
          ...(shell !== undefined && { shell }),
        }),
      );
    }
    if (against.length > 0) throw new Failure(against);
    return lines;
  });
};
