import type { Command } from 'commander';
import { bootInstance } from '../../../app/lab/lab-world.ts';
import { defaultLabDir } from '../../../app/lab/open-lab.ts';
import type { CliContext } from '../../context/cli-context.ts';
import { wholeNumber } from './whole-number.ts';

/** SSH, HTTP, HTTPS, RDP: what probes ask for. */
const usualPorts = [22, 80, 443, 3389];
const collect = (value: string, before: string[] = []) => [...before, value];

/**
 * `converge lab boot`: boots an instance from its volumes in QEMU, until it is stopped or the lab is closed.
 */
export function labBoot(group: Command, context: CliContext, exit: (code: number) => void): void {
  group
    .command('boot <INSTANCE>')
    .description('boot an EC2 instance of the lab in QEMU: its status checks and console are then real')
    .option('--port <PORT>', 'make this port of it reachable too; may be repeated', collect)
    .option('--lab [DIR]', `the lab's folder (default ${defaultLabDir})`)
    .addHelpText(
      'after',
      '\nIt runs in the process that serves the lab; where none does, in this one, until Ctrl-C.\n\nExamples:\n  converge lab boot i-0123456789abcdef0 --lab /tmp/lab\n  converge lab boot i-0123456789abcdef0 --port 8080',
    )
    .action(async (instance: string, options: { lab?: string | true; port?: string[] }) => {
      const asked = (options.port ?? []).map(port => wholeNumber(port, '--port', 65_535));
      const ports = [...new Set([...usualPorts, ...asked])];
      await bootInstance(context, options.lab, { do: 'boot', instance, ports }, ({ lines }) =>
        context.print(lines),
      );
      exit(0);
    });
}
