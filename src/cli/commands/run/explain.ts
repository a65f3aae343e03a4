import { type CatalogOptions, loadCompiled, shippedModules } from '../../../app/catalog.ts';
import { requireUserTypes } from '../../../app/user-types.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import { suggest } from '../../../diagnostics/nearest.ts';
import type { CatalogResource } from '../../../engine/model/catalog.ts';
import { knownModules } from '../../../manifest/modules/known-modules.ts';
import type { CliContext } from '../../cli-context.ts';
import type { Define } from '../../define.ts';
import { explainAll, explainType } from '../../explain/explain-type.ts';
import { explained, explainedJson, explainedText } from '../../explain/explain-values.ts';
import { withData, withFormat } from '../../options.ts';

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
      '\nExamples:\n  converge explain protected_vm:dc02.schedule manifests\n  converge explain --type\n  converge explain --type bucket\n  converge explain --type pilot_light\n  converge explain --type motd manifests',
    )
    .action(
      async (
        address: string | undefined,
        paths: string[],
        { type, format, ...options }: CatalogOptions & { type?: string | true; format: string },
      ) => {
        if (type !== undefined) {
          // With --type there is no address: all words are paths.
          context.print(await documentation(context, type, address === undefined ? [] : [address, ...paths]));
          return exit(0);
        }
        if (address === undefined)
          throw new Failure(
            given('no-address', 'no resource was named', {
              hint: 'converge explain TYPE:TITLE[.PROPERTY] PATHS, or converge explain --type TYPE',
            }),
          );
        const compiled = await loadCompiled(context, paths, options);
        if (!compiled) return exit(1);
        const { resource, path } = named(address, compiled.catalog.resources);
        const traces = compiled.traces.get(resource.address) ?? new Map();
        const values = explained(resource, path, traces);
        context.print(format === 'json' ? explainedJson(values) : explainedText(values));
        exit(0);
      },
    );
};

async function documentation(context: CliContext, type: string | true, paths: string[]): Promise<string> {
  const { host, stdout } = context.io;
  const named = paths.length > 0 ? paths : ['.', 'manifests'];
  if (type === true || !context.registry.types.has(type)) await requireUserTypes(context, named);
  const { registry } = context;
  const options = { registry, files: host.files, cwd: host.cwd, shippedModules };
  const known = {
    registry,
    modules: await knownModules(named, options, () => {}),
  };
  return type === true ? explainAll(known, stdout.columns) : explainType(type, known, stdout.columns);
}

/** Titles hold dots: the longest declared address that the words begin with wins. */
function named(
  words: string,
  resources: readonly CatalogResource[],
): { resource: CatalogResource; path: string[] } {
  let best: CatalogResource | undefined;
  for (const resource of resources) {
    const fits = words === resource.address || words.startsWith(`${resource.address}.`);
    if (fits && resource.address.length > (best?.address.length ?? -1)) best = resource;
  }
  if (best) {
    const rest = words.slice(best.address.length + 1);
    return { resource: best, path: rest === '' ? [] : rest.split('.') };
  }
  // A VM that a selection finds has its values, whichever VM that is.
  const selection = resources.find(one => one.select !== undefined && words.startsWith(`${one.address}/`));
  if (selection) {
    const names = Object.keys(selection.properties);
    const path = words.split('.').slice(1);
    const start = path.findIndex(name => names.includes(name));
    return { resource: selection, path: start < 0 ? [] : path.slice(start) };
  }
  const addresses = resources.map(({ address }) => address);
  const hint = suggest(words, addresses) ?? suggest(words.replace(/\.[^.]*$/, ''), addresses);
  throw new Failure(
    given('unknown-address', `${words} is not declared`, {
      hint: hint ?? 'converge graph PATHS lists the addresses',
    }),
  );
}
