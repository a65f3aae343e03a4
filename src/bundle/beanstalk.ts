import { sha256 } from '../values/digest.ts';
import type { BundleFile } from './bundle-file.ts';
import { sorted } from './bundle-file.ts';

/** What an instance gets, whatever it runs. */
export interface BundleParts {
  /** The scripts and settings of the platform: the files below `packaging/`. */
  template: readonly BundleFile[];
  node: Uint8Array;
  /** `converge.cjs`. */
  program: Uint8Array;
  /** The shipped modules, below `modules/`. */
  modules: readonly BundleFile[];
  /** Public keys by file name, `ID.pub`. */
  trust: readonly BundleFile[];
  /** `s3://BUCKET/PREFIX/`, of a form that needs no quoting anywhere: see `self-url.ts`. */
  self: string;
  /** Minutes between two looks of the agent into the bucket. */
  minutes: number;
  /** The agent lets new content wait until a rollout comes to the instance. */
  onlyRollouts: boolean;
}

export const platforms = {
  'beanstalk-windows': { folder: 'converge', node: 'node.exe' },
  'beanstalk-linux': { folder: '.platform/converge', node: 'node' },
} as const;
export type BundlePlatform = keyof typeof platforms;

/**
 * The files of a source bundle. What will run is in the folder `agent`, beside `SHA256SUMS`, by which the
 * instance checks what it copied. Its version there is a digest of all of it, so that nothing is overwritten
 * that may be running.
 */
export function beanstalkBundle(platform: BundlePlatform, parts: BundleParts): BundleFile[] {
  const { folder, node } = platforms[platform];
  const agent = `${folder}/agent/`;
  const template = parts.template.map(file =>
    filled(file, {
      SELF: parts.self,
      MINUTES: String(parts.minutes),
      AGENT: parts.onlyRollouts ? '--once --only-rollouts' : '--once',
    }),
  );
  const payload = [
    { path: `${agent}${node}`, bytes: parts.node },
    { path: `${agent}converge.cjs`, bytes: parts.program },
    ...below(`${agent}modules/`, parts.modules),
    ...below(`${agent}trust/`, parts.trust),
  ];
  const id = sha256(sums([...template, ...payload])).slice(0, 16);
  const files = [...template.map(file => filled(file, { ID: id })), ...payload];
  const running = files
    .filter(({ path }) => path.startsWith(agent))
    .map(({ path, bytes }) => ({ path: path.slice(agent.length), bytes }));
  return sorted([...files, { path: `${folder}/SHA256SUMS`, bytes: Buffer.from(sums(running)) }]);
}

const below = (folder: string, files: readonly BundleFile[]): BundleFile[] =>
  files.map(({ path, bytes }) => ({ path: `${folder}${path}`, bytes }));

/** A script with its `@NAME@` filled in, in the line ends that its interpreter expects. */
function filled({ path, bytes }: BundleFile, values: Record<string, string>): BundleFile {
  const text = Buffer.from(bytes)
    .toString('utf8')
    .replace(/@([A-Z]+)@/g, (whole, name: string) => values[name] ?? whole)
    .replace(/\r?\n/g, path.endsWith('.cmd') ? '\r\n' : '\n');
  return { path, bytes: Buffer.from(text) };
}

/** As `sha256sum` prints it. */
const sums = (files: readonly BundleFile[]): string =>
  sorted(files)
    .map(({ path, bytes }) => `${sha256(bytes)}  ${path}\n`)
    .join('');
