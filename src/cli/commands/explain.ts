import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import type { CatalogResource } from '../../engine/catalog.ts';
import { registry } from '../../resources/registry.ts';
import { type CatalogOptions, loadCompiled } from '../catalog.ts';
import type { Define } from '../define.ts';
import { explainType } from '../explain-type.ts';
import { explainValues } from '../explain-values.ts';
import { withData } from '../options.ts';

export const explain: Define = (program, context, exit) => {
  withData(
    program
      .command('explain [ADDRESS] [PATHS...]')
      .description('print where the values of a resource come from, or the documentation of a type'),
  )
    .option('--type <TYPE>', 'print the documentation of a resource type')
    .option('--lab [DIR]', 'with the facts of the lab')
    .addHelpText(
      'after',
      '\nExamples:\n  converge explain protected_vm:dc02.schedule manifests\n  converge explain --type bucket',
    )
    .action(
      async (
        address: string | undefined,
        paths: string[],
        { type, ...options }: CatalogOptions & { type?: string },
      ) => {
        if (type !== undefined) {
          context.print(explainType(type, registry, context.io.stdout.columns));
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
        context.print(explainValues(resource, path, traces));
        exit(0);
      },
    );
};

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
