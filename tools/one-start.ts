import { join } from 'node:path';
import type { Plugin } from 'esbuild';

const start = 'src/cli/start.ts';
/** Whose imports come before the start: they lead to it, and to what is enough for `--version`. */
const before = ['src/cli/entry.ts', 'src/cli/process.ts'].map(path => join(process.cwd(), path));

/**
 * Keeps what the start of the CLI needs in one chunk. esbuild makes a chunk for every set of dynamic imports
 * that share a module, and doesn't know that the start is there before all others: dozens of chunks with a
 * module or two in each. Here whatever of ours is loaded later says that it needs the start, so that all
 * agree on what is in that.
 */
export const oneStart: Plugin = {
  name: 'one-start',
  setup(build) {
    const namespace = 'after-start';
    build.onResolve({ filter: /^\./ }, ({ path, kind, importer, resolveDir }) => {
      const isLater = kind === 'dynamic-import' && importer.startsWith(join(process.cwd(), 'src'));
      return isLater && !before.includes(importer) ? { path: join(resolveDir, path), namespace } : undefined;
    });
    build.onLoad({ filter: /./, namespace }, ({ path }) => ({
      contents: `import ${JSON.stringify(join(process.cwd(), start))};\nexport * from ${JSON.stringify(path)};`,
      resolveDir: process.cwd(),
    }));
  },
};
