import type { ServiceOptions } from '../../../app/operation/surface/service.ts';
import type { Define } from '../../context/define.ts';
import { collect, withData } from '../../context/options.ts';
import { withLogFormat } from './agent-log.ts';
import { withServe } from './open.ts';
import { withQueue } from './queue-options.ts';
import { slotsOf } from './slots.ts';

export const service: Define = (program, context, exit) => {
  const group = program
    .command('service')
    .description('the agent, or a worker, as a service of this machine: a unit of systemd, a task of Windows')
    .addHelpText('after', '\nExample:\n  converge service show /etc/converge/manifests');
  const withService = (name: string, what: string) => {
    const command = group
      .command(`${name} [PATHS...]`)
      .description(what)
      .option('--worker', 'a worker, which takes from the --queue, in the place of an agent')
      .option('--slots <N>', 'cycles at once, as the agent takes it')
      .option(
        '--credential <NAME=FILE>',
        "a file that manifests call secret('credential:NAME'); may be repeated",
        collect,
      )
      .option(
        '--writes <FOLDER>',
        'a folder that it may write: where a repository is mounted; may be repeated',
        collect,
      )
      .option('--state <DIR>', 'on Windows: its folder for memory (default C:\\ProgramData\\converge)');
    return withLogFormat(withQueue(withServe(withData(command))));
  };
  withService('show', 'print what `install` would install')
    .addHelpText('after', '\nExample:\n  converge service show /etc/converge/manifests')
    .action(async (paths: string[], options: ServiceOptions) => {
      const { serviceText } = await import('../../../app/operation/surface/service.ts');
      checked(options);
      context.printExact(serviceText(context, context.io.self ?? ['converge'], paths, options));
      exit(0);
    });
  withService('install', 'install it and start it; as root or an administrator')
    .addHelpText(
      'after',
      '\nExample:\n  converge service install /etc/converge/manifests --credential vcenter=/etc/converge/vcenter-password\n  converge service install /etc/converge/manifests --listen 127.0.0.1:9470 --credential page=/etc/converge/page-token --token credential:page\n  converge service install /etc/converge/manifests --worker --queue rediss://queue.example.com',
    )
    .action(async (paths: string[], options: ServiceOptions) => {
      const { installService } = await import('../../../app/operation/surface/service.ts');
      checked(options);
      context.print(await installService(context, context.io.self ?? ['converge'], paths, options));
      exit(0);
    });
  group
    .command('uninstall')
    .description('end it and remove it; its state and what it replicated stay')
    .option('--worker', 'that of a worker')
    .addHelpText('after', '\nExample:\n  converge service uninstall')
    .action(async (options: ServiceOptions) => {
      const { uninstallService } = await import('../../../app/operation/surface/service.ts');
      context.print(await uninstallService(context, options));
      exit(0);
    });
};

/** A service that could never begin is refused before it is one. */
function checked({ slots }: ServiceOptions): void {
  if (slots !== undefined) slotsOf(slots);
}
