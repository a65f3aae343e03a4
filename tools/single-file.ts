import { build } from 'esbuild';
import { atFirstCall } from './at-first-call.ts';
import { nothingByName } from './nothing-by-name.ts';

/**
 * The whole CLI as one CommonJS file, for hosts where nothing is installed (`converge bundle`). It takes
 * the shipped modules from the folder `modules` beside it.
 *
 * @param small without blanks and comments
 * @returns its bytes, and the paths of all that it was made of
 */
export async function singleFile(small: boolean): Promise<{ contents: Uint8Array; inputs: string[] }> {
  const { outputFiles, metafile } = await build({
    entryPoints: ['src/cli/entry-single.ts'],
    outfile: 'dist/converge.cjs',
    bundle: true,
    write: false,
    metafile: true,
    format: 'cjs',
    platform: 'node',
    target: 'node22',
    mainFields: ['module', 'main'],
    plugins: [atFirstCall, nothingByName],
    legalComments: 'none',
    minifyWhitespace: small,
    minifySyntax: small,
    define: {
      'import.meta.url': 'importMetaUrl',
      'import.meta.filename': '__filename',
      'import.meta.dirname': '__dirname',
    },
    // As seen from here, `../../modules` of a chunk has to be the folder beside this file: one further up
    // would be anybody's who may write there.
    banner: {
      js: "const importMetaUrl = require('node:url').pathToFileURL(require('node:path').join(__dirname, 'dist', 'chunks', 'converge.cjs')).href;",
    },
  });
  return { contents: outputFiles[0]!.contents, inputs: Object.keys(metafile.inputs) };
}
