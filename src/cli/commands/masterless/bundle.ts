import { createHash } from 'node:crypto';
import { join, relative, resolve } from 'node:path';
import { Option } from 'commander';
import { shippedModules } from '../../../app/catalog.ts';
import { shipped } from '../../../app/shipped.ts';
import { version } from '../../../app/version.ts';
import { type BundlePlatform, beanstalkBundle, platforms } from '../../../bundle/beanstalk.ts';
import type { BundleFile } from '../../../bundle/bundle-file.ts';
import { checkNode, howToGet, nodeRuntime } from '../../../bundle/node-runtime.ts';
import { selfUrl } from '../../../bundle/self-url.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import { parseDuration } from '../../../io/duration.ts';
import type { ReadFiles } from '../../../io/ports.ts';
import { bytes as size } from '../../../io/units.ts';
import { parsePublicKey } from '../../../masterless/trust/keys.ts';
import type { CliContext } from '../../cli-context.ts';
import type { Define } from '../../define.ts';

interface BundleOptions {
  for: BundlePlatform;
  self: string;
  trust: string[];
  output?: string;
  node?: string;
  arch: 'x64' | 'arm64';
  every: string;
  onlyRollouts?: boolean;
}

const examples = `
Examples:
  converge bundle --for beanstalk-windows --self s3://cust-deployment-data/ --trust deploy.pub --node package/bin/node.exe
  converge bundle --for beanstalk-linux --self s3://cust-deployment-data/ --trust old.pub --trust new.pub -o web.zip`;

export const bundle: Define = (program, context, exit) => {
  program
    .command('bundle')
    .description(
      'write a zip that a Beanstalk environment is deployed with: converge, its Node, hooks and agent',
    )
    .addOption(
      new Option('--for <PLATFORM>', 'what its instances run')
        .choices(Object.keys(platforms))
        .makeOptionMandatory(),
    )
    .requiredOption('--self <URL>', 'where instances find their signed content, s3://BUCKET/PREFIX/')
    .requiredOption(
      '--trust <FILE>',
      'a public key of `converge sign --new-key` that instances trust; may be repeated',
      (one: string, all: string[] = []) => [...all, one],
    )
    .option('-o, --output <FILE>', 'the zip (default converge-PLATFORM.zip)')
    .option('--node <FILE>', 'the Node to put in, when npm did not install it on this machine')
    .addOption(
      new Option('--arch <ARCH>', 'processor of the instances; Windows has x64 alone')
        .choices(['x64', 'arm64'])
        .default('x64'),
    )
    .option('--every <DURATION>', 'how often the agent looks into the bucket', '5m')
    .option('--only-rollouts', 'the agent lets new content wait until a rollout comes to the instance')
    .addHelpText('after', examples)
    .action(async (options: BundleOptions) => {
      await writeBundle(context, options);
      exit(0);
    });
};

async function writeBundle(context: CliContext, options: BundleOptions): Promise<void> {
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
  const { writeZip } = await import('../../../bundle/write-zip.ts');
  const zip = await writeZip(made);
  const output = options.output ?? `converge-${platform}.zip`;
  await files.writeAtomic(resolve(cwd, output), zip, { mode: 0o644 });
  const sha256 = createHash('sha256').update(zip).digest('hex');
  context.print(
    `${output}: converge ${version} with Node ${nodeVersion}, ${size(zip.length)}, SHA-256 ${sha256}\n` +
      `instances apply what lies in ${self} and is signed with ${trust.map(({ path }) => path.replace('.pub', '')).join(' or ')}\n`,
  );
}

async function readKey(files: ReadFiles, path: string, name: string): Promise<BundleFile> {
  const bytes = await read(files, path, 'make one with `converge sign --new-key NAME`');
  const { id } = parsePublicKey(bytes.toString('utf8'), name);
  return { path: `${id}.pub`, bytes };
}

async function readNode(
  { io: { host } }: CliContext,
  { for: platform, arch, node }: BundleOptions,
): Promise<{ bytes: Buffer; version: string }> {
  if (platform === 'beanstalk-windows' && arch !== 'x64')
    throw new Failure(given('wrong-arch', 'instances with Windows have --arch x64 alone'));
  const runtime = nodeRuntime(platform === 'beanstalk-windows' ? 'win32-x64' : `linux-${arch}`);
  const path =
    node === undefined ? shipped(`node_modules/${runtime.package}/${runtime.file}`) : resolve(host.cwd, node);
  const bytes = await host.files.read(path);
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
