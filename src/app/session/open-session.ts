import { resolve } from 'node:path';
import { openMemories } from '../../engine/memory/memory.ts';
import { type CallCounter, CallLedger } from '../../engine/model/calls.ts';
import type { CatalogTarget, SecretRef } from '../../engine/model/catalog.ts';
import type { World } from '../../engine/model/world.ts';
import type { Host } from '../../io/ports.ts';
import { followingPath } from '../../io/search-path.ts';
import type { DeclaredHere } from '../../recovery/bundle/declared-bundles.ts';
import { knownRepositories } from '../../replication/repository/known-repositories.ts';
import { profileDirectories } from '../../resources/host/environment/profile.ts';
import type { Context } from '../app-context.ts';
import { awsSecrets, isAwsSecret } from '../aws/aws-secrets.ts';
import { labClients } from '../connect/lab-clients.ts';
import { type Closing, labReach, type Reach, worldReach } from '../connect/reach.ts';
import { worldClients } from '../connect/world-clients.ts';
import { labHost, realDirectory } from '../lab/lab-host.ts';
import type { Lab } from '../lab/open-lab.ts';
import { labDir, openLabAt } from '../lab/open-lab.ts';
import type { CommonOptions, ContentFiles } from '../options.ts';
import { declaredSource, isDeclaredSource } from './declared-source.ts';
import { locksOf, machineLocks } from './machine-locks.ts';
import { assertOwnStateDir, stateDirOf } from './own-state.ts';
import { keepSecret, readSecret } from './read-secret.ts';

/** What a command works in: the real world or a lab, decided here and nowhere below. */
export interface Session {
  world: World;
  /** Memory and reports. */
  stateDir: string;
  lab?: Lab;
  /** For what isn't asked for by a resource: a command's own repository or bucket. */
  reach: Reach;
  /** Reads anew what is remembered: by now another run may have written it. */
  remember(): Promise<void>;
  close(): Promise<void>;
}

export interface SessionOptions {
  /** Those that the manifests declare. */
  targets?: CatalogTarget[];
  /** All that they declare, where the run may plan or make what the repository keeps of it. */
  declared?: DeclaredHere;
  /** What the manifests require: a lab has a host of its own for Windows. */
  platform?: NodeJS.Platform | undefined;
  /** Whether this run changes things: it gets the locks of what it does. */
  changes?: boolean;
  /** For commands that only read: a lab made now could hold nothing. */
  labMustExist?: boolean;
  /** A lab that is open already, and stays so. */
  lab?: Lab;
  /** Where content sources are read, when they aren't on this machine. */
  content?: ContentFiles;
}

const noCalls: CallCounter = { made() {}, retried() {}, throttled() {} };

/**
 * The composition root: what is behind the engine's ports. With `--lab`, the lab's endpoints and
 * credentials take the place of every target's, and host paths are below the lab's folder.
 */
export async function openSession(
  context: Context,
  options: CommonOptions,
  {
    targets = [],
    platform,
    changes = false,
    labMustExist = false,
    lab: open = context.lab as Lab | undefined,
    content,
    declared,
  }: SessionOptions = {},
): Promise<Session> {
  const { io } = context;
  const dir = labDir(context, options.lab);
  const { lockTimeout } = options;
  const lab =
    open || dir === undefined
      ? open
      : await openLabAt(context, dir, { seeded: true, lockTimeout, labMustExist });
  // Whoever opened it has told that.
  if (lab && !open) context.reporter.notice({ type: 'lab', dir: lab.dir });
  const closing: (() => Promise<unknown>)[] = [async () => (open ? undefined : lab?.close())];
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    const found: Host = lab ? await labHost(io.host, lab, platform) : io.host;
    const { processes, searchPath } = followingPath(found, lab && realDirectory(lab, found), async () =>
      found.platform === 'win32' ? [] : profileDirectories(found.files),
    );
    const host: Host = { ...found, processes };
    // Whoever reads a secret, it is known from then on to everything that prints.
    const secret = async (reference: SecretRef): Promise<string> => {
      const texts = isAwsSecret(reference)
        ? await fromAws.read(reference)
        : [await readSecret(reference, io.host)];
      for (const text of texts) keepSecret(context, reference.$secret, text);
      return texts[0]!;
    };
    const calls = new CallLedger(() => host.clock.now());
    calls.told = waiting => context.reporter.notice({ type: 'waits', ...waiting });
    const stateDir = stateDirOf(context, options);
    const given = {
      ...{ machine: io.host, targets, secret, counter: (target: string) => calls.counter(target) },
      known: knownRepositories(io.host, stateDir, one => context.reporter.diagnostics([one])),
    };
    const reach = lab ? labReach(given, lab) : worldReach(given);
    const fromAws = awsSecrets({ aws: reach.aws, targets, calls, signal: io.interrupt });
    closing.push(async () => fromAws.close());
    const sources = content ?? io.host;
    await assertOwnStateDir(io.host.files, stateDir);
    const memory = await openMemories(io.host, stateDir);
    context.reporter.diagnostics(memory.diagnostics);
    const opened: Closing = [];
    closing.push(() => closeAll(opened));
    const connecting = { host, reach, searchPath, closing: opened, ...(declared && { declared }) };
    const clients = lab ? labClients(connecting, lab) : worldClients(connecting);
    const world: World = {
      host,
      ...(lab && { lab: true as const, labId: lab.settings.id }),
      memory,
      ...(changes && { locks: machineLocks(io.host, locksOf(io.host, lab), lockTimeout) }),
      calls,
      secret,
      source: path =>
        isDeclaredSource(path)
          ? declaredSource(declared, path)
          : sources.files.open(resolve(sources.cwd, path), 'r'),
      connect: (target, name, calls = noCalls) => clients[name](target, calls),
      ...(lab && { identify: async ({ type, name }) => `lab:${type}:${name}` }),
    };
    return {
      stateDir,
      ...(lab && { lab }),
      world,
      reach,
      async remember() {
        world.memory = await openMemories(io.host, stateDir);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** In reverse, and all of them: one that fails to log out must not keep the others open. */
const closeAll = (closing: Closing) =>
  Promise.allSettled(
    closing
      .splice(0)
      .reverse()
      .map(async close => close()),
  );
