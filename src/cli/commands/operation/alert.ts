import type { CommonOptions } from '../../../app/options.ts';
import { plural } from '../../../io/units.ts';
import type { Define } from '../../context/define.ts';
import { withData, withLab, withState } from '../../context/options.ts';

export const alert: Define = (program, context, exit) => {
  const group = program
    .command('alert')
    .description('try the ways in which somebody is told when something is wrong')
    .addHelpText('after', '\nExample:\n  converge alert test ops manifests');
  withData(
    withLab(
      withState(
        group
          .command('test <ROUTE> [PATHS...]')
          .description('send an alert about nothing, and its end, by one alert_route'),
      ),
    ),
  )
    .addHelpText('after', '\nExample:\n  converge alert test ops manifests')
    .action(async (route: string, paths: string[], options: CommonOptions) => {
      const { testRoute } = await import('../../../app/alerts/alert-test.ts');
      const done = await testRoute(context, route, paths, options);
      if (!done) return exit(1);
      context.print([`${route}: ${plural(done.sent, 'message')} delivered`]);
      exit(0);
    });
};
