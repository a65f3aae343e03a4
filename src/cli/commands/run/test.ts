import { prove } from '../../../app/run/prove.ts';
import type { CatalogOptions } from '../../../app/session/load-catalog.ts';
import { plural } from '../../../io/units.ts';
import type { Define } from '../../context/define.ts';
import { withData } from '../../context/options.ts';

export const test: Define = (program, context, exit) => {
  withData(
    program
      .command('test [PATHS...]')
      .description('apply manifests to a scratch lab twice; fails when the second plan is not empty'),
  )
    .addHelpText(
      'after',
      '\nExample:\n  converge test manifests\n\nEvery protected VM gets a small disk there. Nothing leaves this machine.',
    )
    .action(async (paths: string[], options: CatalogOptions) => {
      const proved = await prove(context, paths, options);
      if (proved?.changed !== undefined)
        context.print([`${plural(proved.changed, 'change')}; a second plan is empty`]);
      exit(proved?.code ?? 1);
    });
};
