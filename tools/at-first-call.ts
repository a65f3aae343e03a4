import type { Plugin } from 'esbuild';

/**
 * Packages that are one function, and that make tables for milliseconds when they are evaluated: string-width
 * has the engine read what Unicode says of emoji and of where characters end, which only text beyond ASCII
 * needs.
 */
const packages = ['string-width'];

/**
 * Bundles these packages so that they are evaluated when our code first calls their function, and not at the
 * start.
 */
export const atFirstCall: Plugin = {
  name: 'at-first-call',
  setup(build) {
    const namespace = 'at-first-call';
    const filter = new RegExp(`^(?:${packages.join('|')})$`);
    build.onResolve({ filter }, ({ path, kind, importer, resolveDir }) => {
      const isOurs = kind === 'import-statement' && !importer.includes('node_modules');
      return isOurs ? { path, namespace, pluginData: resolveDir } : undefined;
    });
    // What is asked for with require() is bundled to be evaluated then, an ES module as well.
    build.onLoad({ filter, namespace }, ({ path, pluginData }) => ({
      contents: `export default (...given) => require('${path}').default(...given);`,
      resolveDir: pluginData,
    }));
  },
};
