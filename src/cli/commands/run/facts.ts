import { hostFacts } from '../../../app/aws/host-facts.ts';
import { instanceHere } from '../../../app/aws/instance.ts';
import { version } from '../../../app/version.ts';
import type { Diagnostic } from '../../../diagnostics/diagnostic.ts';
import type { Json } from '../../../engine/model/catalog.ts';
import { isGroup } from '../../../manifest/expressions/facts.ts';
import { knownFacts } from '../../../manifest/expressions/known-facts.ts';
import type { Define } from '../../define.ts';

export const facts: Define = (program, context, exit) => {
  program
    .command('facts')
    .description('print the facts that expressions see as `facts`; null for what this machine has not')
    .option('--lab [DIR]', "the facts of the lab's host")
    .addHelpText('after', '\nExamples:\n  converge facts\n  converge facts --lab')
    .action(async ({ lab }: { lab?: string | true }) => {
      const instance = instanceHere(context, lab);
      try {
        const all = hostFacts(context.io.host, lab !== undefined, instance);
        const known = knownFacts(all);
        await known.ask([]);
        const shown: Record<string, Json> = { version: 1, converge: version };
        const troubles = new Map<string, Diagnostic>();
        for (const [name, fact] of all) {
          const value = known.values()[name];
          if (!isGroup(fact)) shown[name] = value ?? null;
          else if (value === undefined) shown[name] = null;
          else {
            const inner = Object.keys(Object.fromEntries(fact.facts));
            const read = value as { [key: string]: Json };
            shown[name] = Object.fromEntries(inner.map(key => [key, read[key] ?? null]));
          }
          const trouble = known.trouble([name]);
          if (trouble) troubles.set(trouble.message, { ...trouble, severity: 'warning' });
        }
        context.print(`${JSON.stringify(shown, null, 2)}\n`);
        context.report([...troubles.values()]);
        exit(0);
      } finally {
        await instance.close();
      }
    });
};
