import { guestFacts as look } from '../../../app/guest/guest-facts.ts';
import type { Define } from '../../context/define.ts';
import { withFormat } from '../../context/options.ts';

export const guestFacts: Define = (program, context, exit) => {
  const command = program
    .command('guest-facts')
    .description('write down on this machine what it would bring along into EC2: `readiness` reads it')
    .option('--lab [DIR]', "look at the lab's host")
    .option('--windows', 'with --lab: at its Windows host');
  withFormat(command)
    .addHelpText(
      'after',
      '\nThe modules ec2_ready_linux and ec2_ready_windows have it run each hour and at each start.\n\nExample:\n  converge guest-facts',
    )
    .action(async ({ lab, windows, format }: { lab?: string | true; windows?: true; format: string }) => {
      const { path, facts } = await look(context, lab, windows && 'win32');
      if (format === 'json') context.printJson(`${JSON.stringify({ version: 1, path, facts }, null, 2)}\n`);
      else
        context.print([
          ...Object.entries(facts).map(
            ([name, { ok, what }]) => `${ok ? 'ready' : 'not ready'}  ${name}: ${what}`,
          ),
          `written to ${path}`,
        ]);
      exit(0);
    });
};
