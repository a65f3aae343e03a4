/**
 * Compiles the validators, then bundles the CLI into dist/: one entry, a chunk per command and client. And
 * once more as a single file, for hosts where nothing is installed.
 */
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { declarations } from './declarations.ts';
import { type Build, oldChunks } from './old-chunks.ts';
import { singleFile } from './single-file.ts';
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
const all = [
  ...outputFiles,
  { path: resolve('dist/converge.d.ts'), contents: Buffer.from(declarations) },
  { path: resolve('dist/converge.cjs'), contents: await singleFile() },
];
for (const { path, contents } of all) {
  const there = await readFile(path).catch(() => undefined);
  if (there?.equals(contents)) continue;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, contents);
  await rename(`${path}.new`, path);
}
await chmod('dist/converge.js', 0o755);

/** Removes the chunks of builds that are over; `dist/builds.json` remembers which there were. */
async function tidy(chunks: string[]): Promise<void> {
  const record = 'dist/builds.json';
  const before = (await readFile(record, 'utf8').then(JSON.parse, () => [])) as Build[];
  const isSame = before[0]?.chunks.toString() === chunks.toString();
  const builds = isSame ? before : [{ at: Date.now(), chunks }, ...before];
  const there = new Map<string, number>();
  for (const name of await readdir('dist/chunks')) {
    // Another build that runs now may have renamed or removed it.
    const written = await stat(join('dist/chunks', name)).catch(() => undefined);
    if (written?.isFile()) there.set(name, written.mtimeMs);
  }
  const old = oldChunks(builds, there, Date.now());
  for (const name of old.remove) await rm(join('dist/chunks', name), { force: true });
  await writeFile(`${record}.${process.pid}`, JSON.stringify(old.builds));
  await rename(`${record}.${process.pid}`, record);
}
await tidy(
  outputFiles
    .filter(({ path }) => basename(dirname(path)) === 'chunks')
    .map(({ path }) => basename(path))
    .sort(),
);
