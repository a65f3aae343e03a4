import { resolve } from 'node:path';
import { hostFacts } from '../../../app/aws/host-facts.ts';
import { instanceHere } from '../../../app/aws/instance.ts';
import { shippedModules } from '../../../app/session/load-catalog.ts';
import { registry } from '../../../resources/registry.ts';
import { complete, type Names } from '../../complete/complete.ts';
import type { CliContext } from '../../context/cli-context.ts';
import type { Define } from '../../context/define.ts';

/** `converge __complete`, for the scripts of `converge completion`: the line up to the cursor is in COMP_LINE. */
export const completeLine: Define = (program, context, exit) => {
  program.command('__complete', { hidden: true }).action(async () => {
    const found = await complete(program, context.io.host.env.COMP_LINE ?? '', namesOf(context));
    const lines = Array.isArray(found) ? found : [`:${found}`];
    context.print(lines);
    exit(0);
  });
};

/** What can't be read or is wrong just completes nothing: whoever types a line asked for no errors. */
function namesOf(context: CliContext): Names {
  const { host } = context.io;
  const { files, cwd, platform, env } = host;
  const options = { registry, files, cwd, platform, env, shippedModules };
  // By the names of their files: completing a line runs nobody's code.
  const own = async () => {
    const { findTypes } = await import('../../../manifest/types/find-types.ts');
    const { foldersAround } = await import('../../../manifest/syntax/find-files.ts');
    const around = await foldersAround(['.', 'manifests'], files, cwd);
    return (await findTypes(around, files, cwd, () => {})).map(({ name }) => name);
  };
  return {
    types: async () => [...registry.types.keys(), ...(await own())],
    async adoptable() {
      const listing = [...registry.types.values()].filter(({ list }) => list).map(({ name }) => name);
      return [...listing, ...registry.targets.keys(), ...(await own())];
    },
    async explained() {
      const { knownModules } = await import('../../../manifest/known-modules.ts');
      const modules = await knownModules(['.', 'manifests'], options, () => {});
      return [...registry.types.keys(), ...(await own()), ...modules.names, ...registry.targets.keys()];
    },
    async addresses(paths) {
      const { compile } = await import('../../../manifest/compile.ts');
      const there: string[] = [];
      for (const path of paths.length > 0 ? paths : ['manifests'])
        if (await files.stat(resolve(cwd, path)).catch(() => undefined)) there.push(path);
      if (there.length === 0) return [];
      const instance = instanceHere(context, undefined);
      const facts = hostFacts(host, false, instance);
      const { catalog } = await compile(there, { ...options, facts }).finally(instance.close);
      return catalog.resources.map(({ address }) => address);
    },
  };
}
