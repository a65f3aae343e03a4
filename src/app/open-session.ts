import { resolve } from 'node:path';
import { openMemory } from '../engine/memory/memory.ts';
import { type CallCounter, CallLedger } from '../engine/model/calls.ts';
import type { CatalogTarget, SecretRef } from '../engine/model/catalog.ts';
import type { Memory } from '../engine/model/io.ts';
import type { World } from '../engine/model/world.ts';
import type { Host } from '../io/ports.ts';
import { followingPath } from '../io/search-path.ts';
import type { Lab } from '../lab/lab.ts';
import type { KnownRepositories } from '../replication/model/clients.ts';
import { knownRepositories } from '../replication/repository/known.ts';
import { profileDirectories } from '../resources/host/env-path/profile.ts';
import type { Context } from './app-context.ts';
import { awsSecrets, isAwsSecret } from './aws/aws-secrets.ts';
import type { ContentFiles } from './catalog.ts';
import { makeConnections } from './connections.ts';
import { labDir, openLabAt } from './lab/lab-dir.ts';
import { labHost, realDirectory } from './lab/lab-host.ts';
import type { CommonOptions } from './options.ts';
import { lockState } from './run-lock.ts';
import { readSecret } from './secrets.ts';

/** What a command works in: the real world or a lab, decided here and nowhere below. */
export interface Session {
  world: World;
  /** Lock, memory and reports. */
  stateDir: string;
  lab?: Lab;
  /** The repositories that earlier runs from this state folder have seen. */
  known: KnownRepositories;
  /** One run at a time may change things. Takes the lock of the state folder, and reads anew what is remembered. */
  lock(): Promise<void>;
  close(): Promise<void>;
}

export interface SessionOptions {
  /** Those that the manifests declare. */
  targets?: CatalogTarget[];
  /** What the manifests require: a lab has a host of its own for Windows. */
  platform?: NodeJS.Platform | undefined;
  /** Whether this run changes things: one at a time per state folder. */
  exclusive?: boolean;
  /** For commands that only read: a lab made now could hold nothing. */
  labMustExist?: boolean;
  /** A lab that is open already, and stays so. */
  lab?: Lab;
  /** Where content sources are read, when they don't lie on this machine. */
  content?: ContentFiles;
}

/** Until the state folder was read. */
const noMemory: Memory = { get: () => undefined, set: async () => {} };

const noCalls: CallCounter = { made() {}, retried() {}, throttled() {} };

/**
 * The composition root: what stands behind the engine's ports. With `--lab`, the lab's endpoints and
 * credentials take the place of every target's, and host paths lie below the lab's folder.
 */
export async function openSession(
  context: Context,
  options: CommonOptions,
  {
    targets = [],
    platform,
    exclusive = false,
    labMustExist = false,
    lab: open,
    content,
  }: SessionOptions = {},
): Promise<Session> {
  const { io } = context;
  const dir = labDir(context, options.lab);
  const { lockTimeout } = options;
  const lab =
    open || dir === undefined
      ? open
      : await openLabAt(context, dir, { seeded: true, lockTimeout, labMustExist });
  if (lab) context.reporter.notice({ type: 'lab', dir: lab.dir });
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
      for (const text of texts) context.redactor.add(text);
      return texts[0]!;
    };
    const calls = new CallLedger();
    const reaching = { machine: io.host, targets, secret, ...(lab && { lab }) };
    const fromAws = awsSecrets({ ...reaching, calls, signal: io.interrupt });
    closing.push(async () => fromAws.close());
    const stateDir = resolve(io.host.cwd, options.state ?? (dir ? `${dir}/state` : '.converge'));
    const sources = content ?? io.host;
    const known = knownRepositories(io.host.files, stateDir);
    const connections = makeConnections({
      host,
      searchPath,
      known,
      counter: target => calls.counter(target),
      ...reaching,
    });
    closing.push(() => connections.close());
    const world: World = {
      host,
      ...(lab && { lab: true as const }),
      memory: noMemory,
      calls,
      secret,
      source: path => sources.files.read(resolve(sources.cwd, path)),
      connect: (target, name, calls = noCalls) => connections.connect(target, name, calls),
      ...(lab && { identify: async ({ type, name }) => `lab:${type}:${name}` }),
    };
    const remember = async () => {
      const memory = await openMemory(io.host, stateDir);
      if (world.memory === noMemory) context.reporter.diagnostics(memory.diagnostics);
      world.memory = memory;
    };
    const session: Session = {
      stateDir,
      ...(lab && { lab }),
      known,
      world,
      async lock() {
        const lock = await lockState(context, stateDir, lockTimeout);
        closing.push(() => lock.release());
        // Only now: what a run before this one has yet to write must not be missed.
        await remember();
      },
      close,
    };
    await (exclusive ? session.lock() : remember());
    return session;
  } catch (error) {
    await close();
    throw error;
  }
}
