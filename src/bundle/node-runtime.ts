import { Failure, given } from '../diagnostics/diagnostic.ts';
import { sha256 } from '../values/digest.ts';
import runtimes from './node-runtimes.json' with { type: 'json' };

export type RuntimeName = keyof typeof runtimes;

/** The Node of one platform that bundles carry: an npm package and the digest of the program in it. */
export interface NodeRuntime {
  package: string;
  /** Of the program, inside the package. */
  file: string;
  version: string;
  /** Of the package, as the lockfile has it. */
  integrity: string;
  /** Of the program, hex. */
  sha256: string;
}

export const nodeRuntime = (name: RuntimeName): NodeRuntime => runtimes[name];

/**
 * How to get a program that isn't on this machine, since npm installs only what the machine itself can run.
 */
export const howToGet = (runtime: NodeRuntime): string =>
  `get it with \`npm pack ${runtime.package}@${runtime.version} && ` +
  `tar -xzf ${runtime.package}-${runtime.version}.tgz package/${runtime.file}\`, ` +
  `then give --node package/${runtime.file}`;

/**
 * Throws a Failure (given) unless the program is the one whose digest was committed: it will run as SYSTEM or
 * root.
 * @param file where the bytes came from, for messages
 */
export function checkNode(bytes: Uint8Array, runtime: NodeRuntime, file: string): void {
  const found = sha256(bytes);
  if (found === runtime.sha256) return;
  throw new Failure(
    given(
      'wrong-node',
      `${file} is not the Node ${runtime.version} of ${runtime.package}: its SHA-256 is ${found}`,
      {
        hint: `expected ${runtime.sha256}; ${howToGet(runtime)}`,
      },
    ),
  );
}
