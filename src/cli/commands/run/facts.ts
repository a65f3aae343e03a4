import { factsHere } from '../../../app/run/facts-here.ts';
import { version } from '../../../app/version.ts';
import type { Define } from '../../context/define.ts';

export const facts: Define = (program, context, exit) => {
  program
    .command('facts')
    .description('print the facts that expressions see as `facts`; null for what this machine has not')
    .option('--lab [DIR]', "the facts of the lab's host")
    .addHelpText('after', '\nExamples:\n  converge facts\n  converge facts --lab')
    .action(async ({ lab }: { lab?: string | true }) => {
      const { facts, warnings } = await factsHere(context, lab);
      context.printJson(`${JSON.stringify({ version: 1, converge: version, ...facts }, null, 2)}\n`);
      context.report(warnings);
      exit(0);
    });
};
