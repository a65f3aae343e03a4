import { documented, explainResource } from '../../../app/run/explain.ts';
import type { CatalogOptions } from '../../../app/session/load-catalog.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import type { Define } from '../../context/define.ts';
import { withData, withFormat } from '../../context/options.ts';
import { explainAll, explainType } from '../../explain/explain-type.ts';
import { explained, explainedJson, explainedText } from '../../explain/explain-values.ts';

export const explain: Define = (program, context, exit) => {
  withFormat(
    withData(
      program
        .command('explain [ADDRESS] [PATHS...]')
        .description(
          'print where the values of a resource come from, or the documentation of a type or module',
        ),
    ),
  )
    .option(
      '--type [NAME]',
      'print the documentation of a resource type, module or kind of target, built in or beside the manifests at PATHS; without NAME what there is, and what every resource takes',
    )
    .option('--lab [DIR]', 'with the facts of the lab')
    .addHelpText(
      'after',
      '\nExamples:\n  converge explain protected_vm:dc02.schedule manifests\n  converge explain --type\n  converge explain bucket\n  converge explain --type pilot_light\n  converge explain --type motd manifests',
    )
    .action(
      async (
        address: string | undefined,
        paths: string[],
        { type, format, ...options }: CatalogOptions & { type?: string | true; format: string },
      ) => {
        // With --type there is no address: all words are paths. A word without a colon is a type's name.
        const named = type === undefined && address !== undefined && !address.includes(':');
        const wanted = named ? address : type;
        if (wanted !== undefined) {
          const words = address === undefined || named ? paths : [address, ...paths];
          const known = await documented(context, wanted, words);
          const { columns } = context.io.stdout;
          context.print(
            await (wanted === true ? explainAll(known, columns) : explainType(wanted, known, columns)),
          );
          return exit(0);
        }
        if (address === undefined)
          throw new Failure(
            given('no-address', 'no resource was named', {
              hint: 'converge explain TYPE:TITLE[.PROPERTY] PATHS, or converge explain --type TYPE',
            }),
          );
        const found = await explainResource(context, address, paths, options);
        if (!found) return exit(1);
        const values = explained(found.resource, found.path, found.traces);
        if (format === 'json') context.printJson(explainedJson(values));
        else context.print(explainedText(values));
        exit(0);
      },
    );
};
