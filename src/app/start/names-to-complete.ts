import { resolve } from 'node:path';
import { registry } from '../../resources/registry.ts';
import type { Context } from '../app-context.ts';
import { hostFacts } from '../aws/host-facts.ts';
import { instanceHere } from '../aws/instance.ts';
import { shippedModules } from '../session/load-catalog.ts';

/** Names that only manifests and the registry know. */
export interface Names {
  /** Resource types. */
  types(): string[] | Promise<string[]>;
  /** Resource types, modules and kinds of targets. */
  explained(): Promise<string[]>;
  /** What `adopt` takes: resource types that list, and kinds of targets. */
  adoptable(): Promise<string[]>;
  /** Addresses of what the manifests declare; `paths` are those of the line, which may be none. */
  addresses(paths: string[]): Promise<string[]>;
}

/** What can't be read or is wrong just completes nothing: whoever types a line asked for no errors. */
export function namesToComplete(context: Context): Names {
  const { host } = context.io;
  const { files, cwd, platform, env } = host;
  const options = { registry, files, cwd, platform, env, shippedModules };
  // By the names of their files: completing a line runs nobody's code.
  const own = async () => {
    const { findTypes } = await import('../../manifest/types/find-types.ts');
    const { foldersAround } = await import('../../manifest/syntax/find-files.ts');
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
      const { knownModules } = await import('../../manifest/known-modules.ts');
      const modules = await knownModules(['.', 'manifests'], options, () => {});
      return [...registry.types.keys(), ...(await own()), ...modules.names, ...registry.targets.keys()];
    },
    async addresses(paths) {
      const { compile } = await import('../../manifest/compile.ts');
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
