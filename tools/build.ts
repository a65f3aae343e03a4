/** Compiles the validators, then bundles the CLI into dist/. */
import { chmod, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Build, oldChunks } from './old-chunks.ts';
import './validators.ts';
import { cliFiles } from './cli-files.ts';

const { files, chunks } = await cliFiles();
// A converge that runs from here loads its chunks when it needs them: none is ever taken away or half written.
for (const { path, contents } of files) {
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
await tidy(chunks.map(({ path }) => basename(path)).sort());

/**
 * npx takes a program from node_modules/.bin; when that has none, it installs this folder into its cache first, which
 * would build everything once more. Windows needs scripts in its place, and has npx do that once.
 */
async function linkForNpx(): Promise<void> {
  const link = 'node_modules/.bin/converge';
  await mkdir(dirname(link), { recursive: true });
  await symlink('../../dist/converge.js', link).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}
if (process.platform !== 'win32') await linkForNpx();
