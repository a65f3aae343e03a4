import { schemaOf, typeDeclarations } from '../../../app/start/schema-of.ts';
import type { Define } from '../../context/define.ts';

export const schema: Define = (program, context, exit) => {
  program
    .command('schema [TYPE]')
    .description('print the JSON Schema of manifests, or of one resource type')
    .option('--with <PATHS...>', 'with the types and modules that are beside these manifests')
    .option('--types', 'print what a type of your own is made of, as TypeScript declarations')
    .addHelpText(
      'after',
      '\nExamples:\n  converge schema > manifest.schema.json\n  converge schema --with manifests > manifest.schema.json\n  converge schema bucket\n  converge schema --types > types/converge.d.ts',
    )
    .action(async (name: string | undefined, options: { with?: string[]; types?: true }) => {
      if (options.types) context.printExact(await typeDeclarations());
      else context.printJson(`${JSON.stringify(await schemaOf(context, name, options.with), null, 2)}\n`);
      exit(0);
    });
};
