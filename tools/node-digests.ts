/**
 * Writes src/bundle/node-runtimes.json: the digests of the Node that bundles carry, taken from the packages
 * that the lockfile pins. To be run when the pinned Node changes; a test says when that was forgotten.
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import runtimes from '../src/bundle/node-runtimes.json' with { type: 'json' };
import { sha256 } from '../src/values/digest.ts';

const { packages } = JSON.parse(await readFile('package-lock.json', 'utf8')) as {
  packages: Record<string, { version: string; integrity: string }>;
};
const folder = await mkdtemp(join(tmpdir(), 'node-digests-'));
try {
  for (const runtime of Object.values(runtimes)) {
    const { version, integrity } = packages[`node_modules/${runtime.package}`]!;
    execFileSync('npm', ['pack', `${runtime.package}@${version}`, '--pack-destination', folder], {
      stdio: 'ignore',
    });
    const archive = join(folder, `${runtime.package}-${version}.tgz`);
    const found = `sha512-${createHash('sha512')
      .update(await readFile(archive))
      .digest('base64')}`;
    if (found !== integrity) throw new Error(`${archive} is not the package of the lockfile: ${found}`);
    execFileSync('tar', ['-xzf', archive, '-C', folder, `package/${runtime.file}`]);
    const program = await readFile(join(folder, 'package', runtime.file));
    Object.assign(runtime, {
      version,
      integrity,
      sha256: sha256(program),
    });
  }
} finally {
  await rm(folder, { recursive: true });
}
await writeFile('src/bundle/node-runtimes.json', `${JSON.stringify(runtimes, null, 2)}\n`);
