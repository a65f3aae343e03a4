/** Compiles the validators, then bundles the CLI into dist/: one entry, a chunk per command and client. */
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { build } from 'esbuild';
import { declarations } from './declarations.ts';
import './validators.ts';

const { outputFiles } = await build({
  entryPoints: { converge: 'src/cli/entry.ts' },
  outdir: 'dist',
  bundle: true,
  write: false,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  // ES modules where a package has them: named imports survive splitting, and unused parts fall away.
  mainFields: ['module', 'main'],
  chunkNames: 'chunks/[name]-[hash]',
  legalComments: 'none',
  // Bundled CommonJS packages call require() for Node's own modules.
  banner: {
    js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
  },
});
// A converge that runs from here loads its chunks when it needs them: none is ever taken away or half written.
const all = [...outputFiles, { path: resolve('dist/converge.d.ts'), contents: Buffer.from(declarations) }];
for (const { path, contents } of all) {
  const there = await readFile(path).catch(() => undefined);
  if (there?.equals(contents)) continue;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, contents);
  await rename(`${path}.new`, path);
}
await chmod('dist/converge.js', 0o755);
