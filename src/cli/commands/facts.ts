import type { Define } from '../define.ts';
import { hostFacts } from '../host-facts.ts';
import { version } from '../version.ts';

export const facts: Define = (program, context, exit) => {
  program
    .command('facts')
    .description('print the facts that expressions see as `facts`')
    .option('--lab [DIR]', "the facts of the lab's host")
    .addHelpText('after', '\nExamples:\n  converge facts\n  converge facts --lab')
    .action(async ({ lab }: { lab?: string | true }) => {
      const all: Record<string, unknown> = { version: 1, converge: version };
      for (const [name, { read }] of hostFacts(context.io.host, lab !== undefined)) all[name] = await read();
      context.print(`${JSON.stringify(all, null, 2)}\n`);
      exit(0);
    });
};
