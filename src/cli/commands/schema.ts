import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import { manifestSchema } from '../../manifest/schema.ts';
import { registry } from '../../resources/registry.ts';
import type { Define } from '../define.ts';

export const schema: Define = (program, context, exit) => {
  program
    .command('schema [TYPE]')
    .description('print the JSON Schema of manifests, or of one resource type')
    .addHelpText('after', '\nExamples:\n  converge schema > manifest.schema.json\n  converge schema bucket')
    .action((name: string | undefined) => {
      context.print(
        `${JSON.stringify(name === undefined ? manifestSchema(registry) : typeSchema(name), null, 2)}\n`,
      );
      exit(0);
    });
};

function typeSchema(name: string) {
  const type = registry.types.get(name);
  if (type) return type.schema;
  const names = [...registry.types.keys()];

  throw new Failure(
    given('unknown-type', `there is no resource type ${name}`, {
      hint: suggest(name, names) ?? '',
    }),
  );
}
