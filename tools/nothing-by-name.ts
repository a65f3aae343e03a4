import { builtinModules } from 'node:module';
import type { Plugin } from 'esbuild';

/** What packages try to load and do without: faster native code, and colours for their own messages. */
const without = ['msgpackr-extract', 'supports-color'];

const isOfNode = (name: string): boolean => name.startsWith('node:') || builtinModules.includes(name);

/**
 * Bundles hold all that they need. Node looks for what is asked for by name in the `node_modules` of every
 * folder above, and on Windows anybody may make one in `C:\`: it would run as SYSTEM.
 */
export const nothingByName: Plugin = {
  name: 'nothing-by-name',
  setup(build) {
    const namespace = 'nothing-by-name';
    build.onResolve({ filter: new RegExp(`^(?:${without.join('|')})$`) }, ({ path }) => ({
      path,
      namespace,
    }));
    build.onLoad({ filter: /^/, namespace }, ({ path }) => ({
      contents: `throw new Error(${JSON.stringify(`${path} is not bundled`)});`,
    }));
    build.onEnd(({ metafile }) => {
      const asked = Object.values(metafile!.outputs).flatMap(({ imports }) => imports);
      const names = asked.filter(({ external, path }) => external && !isOfNode(path)).map(({ path }) => path);
      return {
        errors: [...new Set(names)].map(name => ({
          text: `${name} would be looked for when converge runs: bundle it, or do without (tools/nothing-by-name.ts)`,
        })),
      };
    });
  },
};
