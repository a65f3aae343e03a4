import { resolve } from 'node:path';
import { build } from 'esbuild';
import { atFirstCall } from './at-first-call.ts';
import { declarations } from './declarations.ts';
import { lazyHttp } from './lazy-http.ts';
import { nothingByName } from './nothing-by-name.ts';
import { oneStart } from './one-start.ts';
import { singleFile } from './single-file.ts';

export interface CliFile {
  /** Absolute, below the folder `dist` of this repository. */
  path: string;
  contents: Uint8Array;
}

/**
 * The CLI as it runs: one entry, a chunk per command and client, and once more as a single file, for hosts
 * where nothing is installed. The generated validators must be there (tools/validators.ts).
 *
 * @param small for the published package: without blanks and comments, names as they are, so that a stack
 * trace says where it was
 * @returns the files, which of them are chunks, and the folders in node_modules that parts of them come from
 */
export async function cliFiles({ small = false } = {}): Promise<{
  files: CliFile[];
  chunks: CliFile[];
  packages: string[];
}> {
  const { outputFiles, metafile } = await build({
    entryPoints: { converge: 'src/cli/entry.ts' },
    outdir: 'dist',
    bundle: true,
    write: false,
    metafile: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    // ES modules where a package has them: named imports survive splitting, and unused parts fall away.
    mainFields: ['module', 'main'],
    plugins: [atFirstCall, lazyHttp, nothingByName, oneStart],
    chunkNames: 'chunks/[name]-[hash]',
    legalComments: 'none',
    minifyWhitespace: small,
    minifySyntax: small,
    // Bundled CommonJS packages call require() for Node's own modules.
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
    },
  });
  const single = await singleFile(small);
  const inputs = [...Object.keys(metafile.inputs), ...single.inputs];
  const packages = inputs.flatMap(path => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  return {
    files: [
      ...outputFiles,
      { path: resolve('dist/converge.d.ts'), contents: Buffer.from(declarations) },
      { path: resolve('dist/converge.cjs'), contents: single.contents },
    ],
    chunks: outputFiles.filter(({ path }) => path.startsWith(resolve('dist/chunks'))),
    packages: [...new Set(packages)].sort(),
  };
}
