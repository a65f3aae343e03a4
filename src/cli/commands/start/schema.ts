import { editorSchema } from '../../../app/session/editor-schema.ts';
import { requireUserTypes } from '../../../app/session/user-types.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import { suggest } from '../../../diagnostics/nearest.ts';
import type { AnyResourceType, Registry } from '../../../engine/model/resource-type.ts';
import { typeSchema } from '../../../manifest/language-schema.ts';
import type { Define } from '../../context/define.ts';

export const schema: Define = (program, context, exit) => {
  program
    .command('schema [TYPE]')
    .description('print the JSON Schema of manifests, or of one resource type')
    .option('--with <PATHS...>', 'with the types and modules that lie beside these manifests')
    .option('--types', 'print what a type of your own is made of, as TypeScript declarations')
    .addHelpText(
      'after',
      '\nExamples:\n  converge schema > manifest.schema.json\n  converge schema --with manifests > manifest.schema.json\n  converge schema bucket\n  converge schema --types > types/converge.d.ts',
    )
    .action(async (name: string | undefined, options: { with?: string[]; types?: true }) => {
      if (options.types) {
        const { declarations } = await import('../../../manifest/generated/declarations.js');
        context.printExact(declarations);
        return exit(0);
      }
      const isBuiltIn = name !== undefined && context.registry.types.has(name);
      const beside = options.with ?? (name === undefined ? [] : ['.']);
      if (beside.length > 0 && !isBuiltIn) await requireUserTypes(context, beside);
      const { registry } = context;
      const printed =
        name === undefined
          ? await editorSchema(registry, beside, context.io.host)
          : typeSchema(typeNamed(name, registry));
      context.printJson(`${JSON.stringify(printed, null, 2)}\n`);
      exit(0);
    });
};

function typeNamed(name: string, { types }: Registry): AnyResourceType {
  const type = types.get(name);
  if (type) return type;
  throw new Failure(
    given('unknown-type', `there is no resource type ${name}`, {
      hint: suggest(name, types.keys()) ?? '',
    }),
  );
}
