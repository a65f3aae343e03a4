/**
 * Measures uploads and restores of one disk against VersityGW in other processes, beside rclone, aws, restic
 * and borg (.ci/peers.d/backup.sh and s3.sh bring them), and writes bench/DATA-PATH.md, or -MIXED.md or
 * -NTFS.md: `node bench/data-path.ts [--gib 1] [--rounds 3] [--image noise|mixed|ntfs]`, after
 * `npm run build`. It takes five times as much memory as the disk has.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { nodeRandom } from '../src/io/node.ts';
import { createKey, printedKey } from '../src/replication/format/keys.ts';
import { lazyHttp } from '../tools/lazy-http.ts';
import { contenders, type Measured } from './data-path/contenders.ts';
import { certificate, credentials, gateway } from './data-path/gateway.ts';
import { cut, kinds, writeImage } from './data-path/images.ts';
import { type Found, report } from './data-path/report.ts';
import { measure } from './measure.ts';

const MiB = 2 ** 20;
const { values } = parseArgs({
  options: {
    gib: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '3' },
    image: { type: 'string', default: 'noise' },
  },
});
const bytes = Number(values.gib) * 1024 * MiB;
const inMemory = '/dev/shm';
const dir = mkdtempSync(join(existsSync(inMemory) ? inMemory : tmpdir(), 'converge-bench-'));
const kind = kinds.find(each => each === values.image);
if (!kind) throw new Error(`--image is one of ${kinds.join(', ')}`);
const say = (text: string) => process.stderr.write(`${text}\n`);

/** Whether what came back is what was sent; a restore of another size did something else. */
function isWhole(folder: string): boolean {
  const found = join(folder, 'disk-0.raw');
  return !existsSync(found) || statSync(found).size === bytes;
}

const gateways: Awaited<ReturnType<typeof gateway>>[] = [];
try {
  const { cert, key } = certificate(dir);
  const secret = printedKey(createKey(nodeRandom));
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: credentials.id,
    AWS_SECRET_ACCESS_KEY: credentials.secret,
    NODE_EXTRA_CA_CERTS: cert,
    BENCH_KEY: secret,
    RESTIC_PASSWORD: 'bench',
    BORG_PASSPHRASE: 'bench',
    BORG_BASE_DIR: join(dir, 'borg-home'),
    CONVERGE_RUNTIME_DIRECTORY: join(dir, 'run'),
  });
  const world = {
    ...{ dir, cert, key: secret, store: join(dir, 'store') },
    image: join(dir, 'disk.raw'),
    pieces: join(dir, 'pieces'),
    upload: join(dir, 'upload.mjs'),
    converge: join(import.meta.dirname, '../dist/converge.js'),
  };
  const used = await writeImage(kind, bytes, world.image);
  cut(world.image, bytes, world.pieces);
  await build({
    entryPoints: [join(import.meta.dirname, 'data-path/upload.ts')],
    outfile: world.upload,
    bundle: true,
    platform: 'node',
    format: 'esm',
    // As tools/cli-files.ts bundles the CLI.
    mainFields: ['module', 'main'],
    plugins: [lazyHttp],
    banner: { js: 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);' },
  });
  gateways.push(await gateway(world.store, 17_080), await gateway(world.store, 17_081, { cert, key }));
  const all = gateways.flatMap(one => contenders(world, one));
  const found = new Map<Measured, Found>(
    all.map(one => {
      const { name, what, scheme } = one;
      return [one, { name, what, scheme, samples: [], failed: 0 }];
    }),
  );
  const loads: number[] = [];
  for (let round = 0; round < Number(values.rounds); round++)
    for (const one of all) {
      try {
        found.get(one)!.samples.push(measure(one, dir));
        if (one.stored) found.get(one)!.stored = one.stored();
        if (one.what === 'down' && !isWhole(join(dir, 'out'))) throw new Error('what came back is not whole');
      } catch (error) {
        const said = String(error).replaceAll(/\s+/g, ' ');
        found.get(one)!.failed++;
        found.get(one)!.why = said.slice(0, 250).replaceAll('|', '/');
        say(`${one.name}, ${one.what}: ${said.slice(0, 400)}`);
      }
      one.after?.();
      loads.push(loadavg()[0]!);
      const last = found.get(one)!.samples.at(-1);
      say(
        `${round + 1} ${one.scheme} ${one.what} ${one.name} ${last ? (last.cpu / 1e3 / (bytes / 1e9)).toFixed(2) : '-'}`,
      );
    }
  const cpu = /model name\s*: (.*)/.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
  const about = { kind, bytes, used, rounds: Number(values.rounds), loads, cpu };
  const name = kind === 'noise' ? 'DATA-PATH.md' : `DATA-PATH-${kind.toUpperCase()}.md`;
  writeFileSync(join(import.meta.dirname, name), report([...found.values()], about));
} finally {
  for (const one of gateways) one.close();
  rmSync(dir, { recursive: true, force: true });
}
