import { type CatalogOptions, loadCatalog } from '../../../app/catalog.ts';
import { whereOf } from '../../../app/lab/lab-host.ts';
import { buildGraph } from '../../../engine/graph/graph.ts';
import { subjectsOf } from '../../../engine/model/subject.ts';
import { plural } from '../../../io/units.ts';
import type { Define } from '../../define.ts';
import { withData, withLabHost } from '../../options.ts';

export const validate: Define = (program, context, exit) => {
  withData(
    withLabHost(
      program
        .command('validate [PATHS...]')
        .description('check manifests without touching a target or reading a secret'),
    ),
  )
    .addHelpText(
      'after',
      `
Types beside the manifests (types/NAME.ts) are loaded, which runs their code.

Examples:
  converge validate manifests
  converge validate manifests --env production`,
    )
    .action(async (paths: string[], options: CatalogOptions) => {
      const catalog = await loadCatalog(context, paths, options);
      if (!catalog) return exit(1);
      buildGraph(
        subjectsOf(catalog.resources, {
          registry: context.registry,
          targets: catalog.targets,
          where: whereOf(context, catalog),
        }),
      );
      context.print(
        `valid: ${plural(catalog.resources.length, 'resource')}, ${plural(catalog.targets.length, 'target')}
`,
      );
      exit(0);
    });
};
