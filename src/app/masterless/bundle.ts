import { join, relative, resolve } from 'node:path';
import { type BundlePlatform, beanstalkBundle } from '../../bundle/beanstalk.ts';
import type { BundleFile } from '../../bundle/bundle-file.ts';
import { checkNode, howToGet, nodeRuntime } from '../../bundle/node-runtime.ts';
import { selfUrl } from '../../bundle/self-url.ts';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { parseDuration } from '../../io/duration.ts';
import type { ReadFiles } from '../../io/ports.ts';
import { parsePublicKey } from '../../masterless/trust/keys.ts';
import { sha256 } from '../../values/digest.ts';
import type { Context } from '../app-context.ts';
import { shippedModules } from '../session/load-catalog.ts';
import { shipped } from '../shipped-path.ts';

export interface BundleOptions {
  for: BundlePlatform;
  self: string;
  trust: string[];
  output?: string;
  node?: string;
  arch: 'x64' | 'arm64';
  every: string;
  onlyRollouts?: boolean;
}

export interface Bundled {
  /** The zip. */
  output: string;
  bytes: number;
  sha256: string;
  /** Version of the Node in it. */
  node: string;
  /** Where its instances look. */
  self: string;
  /** Ids of the keys that they trust. */
  trust: string[];
}

/** Writes a zip that a Beanstalk environment is deployed with. */
export async function writeBundle(context: Context, options: BundleOptions): Promise<Bundled> {
  const { files, cwd } = context.io.host;
  const platform = options.for;
  const self = selfUrl(options.self);
  const every = minutes(options.every);
  const keys = await Promise.all(options.trust.map(file => readKey(files, resolve(cwd, file), file)));
  // One key may have been named twice.
  const trust = [...new Map(keys.map(key => [key.path, key])).values()];
  const { bytes: node, version: nodeVersion } = await readNode(context, options);
  const made = beanstalkBundle(platform, {
    template: await tree(files, shipped(`packaging/${platform}`)),
    node,
    program: await read(files, shipped('dist/converge.cjs'), 'run `npm run build` first'),
    modules: await tree(files, shippedModules),
    trust,
    self,
    minutes: every,
    onlyRollouts: options.onlyRollouts ?? false,
  });
  const { writeZip } = await import('../../bundle/write-zip.ts');
  const zip = await writeZip(made);
  const output = options.output ?? `converge-${platform}.zip`;
  await files.writeAtomic(resolve(cwd, output), zip, { mode: 0o644 });
  return {
    output,
    bytes: zip.length,
    sha256: sha256(zip),
    node: nodeVersion,
    self,
    trust: trust.map(({ path }) => path.replace('.pub', '')),
  };
}

async function readKey(files: ReadFiles, path: string, name: string): Promise<BundleFile> {
  const bytes = await read(files, path, 'make one with `converge sign --new-key NAME`');
  const { id } = parsePublicKey(bytes.toString('utf8'), name);
  return { path: `${id}.pub`, bytes };
}

/** Bytes; a Node of today has 120 MiB. */
const largestNode = 512 * 1024 * 1024;

async function readNode(
  { io: { host } }: Context,
  { for: platform, arch, node }: BundleOptions,
): Promise<{ bytes: Buffer; version: string }> {
  if (platform === 'beanstalk-windows' && arch !== 'x64')
    throw new Failure(given('wrong-arch', 'instances with Windows have --arch x64 alone'));
  const runtime = nodeRuntime(platform === 'beanstalk-windows' ? 'win32-x64' : `linux-${arch}`);
  const path =
    node === undefined ? shipped(`node_modules/${runtime.package}/${runtime.file}`) : resolve(host.cwd, node);
  const bytes = await host.files.read(path, { most: largestNode });
  if (!bytes)
    throw new Failure(
      node === undefined
        ? given('no-node', `Node for ${platform} on ${arch} is not installed here`, {
            hint: howToGet(runtime),
          })
        : given('no-such-file', `${node} is not there`, { hint: howToGet(runtime) }),
    );
  checkNode(bytes, runtime, node ?? path);
  return { bytes, version: runtime.version };
}

async function read(files: ReadFiles, path: string, hint: string): Promise<Buffer> {
  const bytes = await files.read(path);
  if (!bytes) throw new Failure(given('no-such-file', `${path} is not there`, { hint }));
  return bytes;
}

/** All files below a folder, by their path in it. Throws a Failure (given) when it isn't there. */
async function tree(files: ReadFiles, root: string, folder = root): Promise<BundleFile[]> {
  const names = await files.list(folder);
  if (!names)
    throw new Failure(
      given('no-such-file', `${folder} is not there`, {
        hint: 'bundle where converge was installed whole, not on an instance',
      }),
    );
  const found: BundleFile[] = [];
  for (const name of names) {
    if (name === '.gitkeep') continue;
    const path = join(folder, name);
    if ((await files.stat(path))?.kind === 'directory') found.push(...(await tree(files, root, path)));
    else
      found.push({
        path: relative(root, path).replaceAll('\\', '/'),
        bytes: (await files.read(path)) ?? Buffer.alloc(0),
      });
  }
  return found;
}

function minutes(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= 60_000 && ms % 60_000 === 0) return ms / 60_000;
  throw new Failure(
    given('bad-duration', `--every ${text}: expected whole minutes, one at least`, {
      hint: 'write it like 5m',
    }),
  );
}
