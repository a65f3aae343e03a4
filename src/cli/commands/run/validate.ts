import { declaredGraph } from '../../../app/run/declared-graph.ts';
import type { CatalogOptions } from '../../../app/session/load-catalog.ts';
import { plural } from '../../../io/units.ts';
import type { Define } from '../../context/define.ts';
import { withData, withLabHost } from '../../context/options.ts';

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
      const declared = await declaredGraph(context, paths, options);
      if (!declared) return exit(1);
      const { resources, targets } = declared.catalog;
      context.print([`valid: ${plural(resources.length, 'resource')}, ${plural(targets.length, 'target')}`]);
      exit(0);
    });
};
