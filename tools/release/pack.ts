/**
 * Makes the package that is published: `npm run pack:release [-- FOLDER]` writes
 * converge-dr-converge-VERSION.tgz into FOLDER (default dist/) and says its size. Its folder is made anew, so
 * that nothing of a checkout (tests, compile cache, chunks of older builds, the pinned Node) can get into it.
 */
import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import '../validators.ts';
import { cliFiles } from '../cli-files.ts';
import { notices } from './notices.ts';
import { noticesName, published, publishedManifest } from './published-manifest.ts';

const root = resolve(import.meta.dirname, '../..');
const to = resolve(process.argv[2] ?? join(root, 'dist'));
process.chdir(root);

interface Packed {
  filename: string;
  size: number;
  unpackedSize: number;
  entryCount: number;
}

const folder = await mkdtemp(join(tmpdir(), 'converge-pack-'));
try {
  const { files, packages } = await cliFiles({ small: true });
  for (const { path, contents } of files) {
    const place = join(folder, relative(root, path));
    await mkdir(dirname(place), { recursive: true });
    await writeFile(place, contents, { mode: place.endsWith('converge.js') ? 0o755 : 0o644 });
  }
  for (const name of [...published, 'LICENSE', 'README.md'])
    await cp(name, join(folder, name), {
      recursive: true,
      filter: path => !/\.gitkeep$|\.test\./.test(path),
    });
  await writeFile(join(folder, noticesName), await notices(packages));
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(publishedManifest(), null, 2)}\n`);
  await mkdir(to, { recursive: true });
  const said = execFileSync('npm', ['pack', '--json', '--pack-destination', to], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [packed] = JSON.parse(said) as [Packed];
  const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  console.log(
    `${join(to, packed.filename)}: ${mib(packed.size)}, ${mib(packed.unpackedSize)} unpacked, ${packed.entryCount} files`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
