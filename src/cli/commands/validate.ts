import { buildGraph } from '../../engine/graph.ts';
import { subjectsOf } from '../../engine/subject.ts';
import { plural } from '../../io/units.ts';
import { registry } from '../../resources/registry.ts';
import { type CatalogOptions, loadCatalog } from '../catalog.ts';
import type { Define } from '../define.ts';
import { withData } from '../options.ts';

export const validate: Define = (program, context, exit) => {
  withData(
    program
      .command('validate [PATHS...]')
      .description('check manifests without touching a target or reading a secret'),
  )
    .addHelpText(
      'after',
      '\nExamples:\n  converge validate manifests\n  converge validate manifests --env production',
    )
    .action(async (paths: string[], options: CatalogOptions) => {
      const catalog = await loadCatalog(context, paths, options);
      if (!catalog) return exit(1);
      const { platform, cwd } = context.io.host;
      buildGraph(
        subjectsOf(catalog.resources, { registry, targets: catalog.targets, where: { platform, cwd } }),
      );
      context.print(
        `valid: ${plural(catalog.resources.length, 'resource')}, ${plural(catalog.targets.length, 'target')}
`,
      );
      exit(0);
    });
};
