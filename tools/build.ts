/** Compiles the validators, then bundles the CLI into dist/: one entry, a chunk per command and client. */
import { chmod, rm } from 'node:fs/promises';
import { build } from 'esbuild';
import './validators.ts';

await rm('dist', { recursive: true, force: true });
await build({
  entryPoints: { converge: 'src/cli/entry.ts' },
  outdir: 'dist',
  bundle: true,
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
await chmod('dist/converge.js', 0o755);
