/** Compiles the validators, then bundles the CLI into dist/. */
import { chmod, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Build, oldChunks } from './old-chunks.ts';
import './validators.ts';
import { cliFiles } from './cli-files.ts';

const { files, chunks } = await cliFiles();
// A converge that runs from here loads its chunks when it needs them: none is ever taken away or half
// written.
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
 * What `npx converge` runs in this folder. A `bin` in package.json would have npx install the folder into its
 * cache first, which builds everything once more; the published package has one.
 */
async function linkForNpx(): Promise<void> {
  const link = 'node_modules/.bin/converge';
  await mkdir(dirname(link), { recursive: true });
  if (process.platform === 'win32') {
    const start = 'node --max-semi-space-size=2';
    await writeFile(`${link}.cmd`, `@${start} "%~dp0..\\..\\dist\\converge.js" %*\r\n`);
    await writeFile(link, `#!/bin/sh\nexec ${start} "$(dirname "$0")/../../dist/converge.js" "$@"\n`);
    return;
  }
  await symlink('../../dist/converge.js', link).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}
await linkForNpx();
