import { join } from 'node:path';
import type { Plugin } from 'esbuild';

const start = 'src/cli/start.ts';
/** Loads the start itself, and what is enough for `--version`. */
const before = 'src/cli/process.ts';

/**
 * Keeps what the start of the CLI needs in one chunk. esbuild makes a chunk for every set of dynamic imports that share
 * a module, and doesn't know that the start is there before all others: dozens of chunks with a module or two in each.
 * Here whatever of ours is loaded later says that it needs the start, so that all agree on what is in that.
 */
export const oneStart: Plugin = {
  name: 'one-start',
  setup(build) {
    const namespace = 'after-start';
    build.onResolve({ filter: /^\./ }, async ({ path, kind, importer, resolveDir, namespace: from }) => {
      const root = process.cwd();
      const isLater = kind === 'dynamic-import' && importer.startsWith(join(root, 'src'));
      if (!isLater || from === namespace || importer === join(root, before)) return undefined;
      return { path: join(resolveDir, path), namespace };
    });
    build.onLoad({ filter: /./, namespace }, ({ path }) => ({
      contents: `import ${JSON.stringify(join(process.cwd(), start))};\nexport * from ${JSON.stringify(path)};`,
      resolveDir: process.cwd(),
    }));
  },
};
