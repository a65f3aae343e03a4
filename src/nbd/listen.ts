import { connect, createServer } from 'node:net';
import { basename, dirname } from 'node:path';
import { Failure, given, world } from '../diagnostics/diagnostic.ts';
import { own } from '../diagnostics/own-words.ts';
import { eitherOf } from '../io/either.ts';
import type { Files } from '../io/ports.ts';
import { createBudget } from './budget.ts';
import { converse, mostHeld, type ServedDisk } from './server.ts';

export interface ServeOptions {
  /** Absolute path of the socket. Its folder is made when it isn't there, for its owner alone. */
  socket: string;
  files: Files;
  /** Ends it. */
  signal: AbortSignal;
  /** It ends by itself when a client has read something, and the last one has gone. */
  once?: boolean;
  /** Clients are answered from now on. */
  listening?(): void;
  /** Each read that failed, with the name of its disk. */
  failed(disk: string, error: unknown): void;
}

/** Bytes that the address of a socket has room for, by the system with the least: macOS. */
const longestPath = 103;

/**
 * Serves disks over NBD, read-only, on a local socket in a folder that nobody else can enter, until `signal`
 * ends it: resolves then, and the socket is gone.
 *
 * @throws Failure `bad-socket` (given) where no such socket can be, `file-exists`, `socket-not-made`
 */
export async function serveNbd(disks: readonly ServedDisk[], options: ServeOptions): Promise<void> {
  const { socket: path, signal, once = false } = options;
  await makeRoom(path, options.files);
  const ending = new AbortController();
  const { signal: over, release } = eitherOf(signal, ending.signal);
  const under = new Set<Promise<void>>();
  const held = createBudget(mostHeld);
  let wasRead = false;
  const server = createServer({ allowHalfOpen: false }, connection => {
    const told = {
      held,
      read: () => {
        wasRead = true;
      },
      failed: options.failed,
    };
    const done = converse(connection, disks, told, over)
      .catch(error => options.failed('the connection', error))
      .finally(() => {
        under.delete(done);
        if (once && wasRead && under.size === 0) ending.abort();
      });
    under.add(done);
  });
  const { promise: closed, resolve, reject } = Promise.withResolvers<void>();
  server.on('close', resolve);
  server.on('error', cause =>
    reject(
      new Failure(world('socket-not-made', own`${path} can't be listened on: ${cause.message}`, {}), {
        cause,
      }),
    ),
  );
  const end = () => server.close();
  try {
    if (over.aborted) return;
    over.addEventListener('abort', end, { once: true });
    server.listen(path, () => options.listening?.());
    await closed;
  } finally {
    over.removeEventListener('abort', end);
    ending.abort();
    release();
    await Promise.allSettled(under);
  }
}

/** Sees that nobody else can reach the socket, and that nothing takes its place but one that is dead. */
async function makeRoom(path: string, files: Files): Promise<void> {
  if (Buffer.byteLength(path) > longestPath)
    throw bad(
      `${path} has more than the ${longestPath} bytes that the address of a socket has room for`,
      'name a shorter path',
    );
  const folder = dirname(path);
  const before = await files.stat(folder);
  if (!before) await files.mkdir(folder, { recursive: true, mode: 0o700 });
  const { kind, mode, uid } = before ?? (await files.stat(folder))!;
  if (kind !== 'directory') throw bad(`${folder} is not a folder`, 'name a path in a folder of your own');
  if (uid !== process.getuid?.() || (mode & 0o077) !== 0)
    throw bad(
      `others can enter ${folder}, and whoever reaches the socket reads the disks`,
      'name a path in a folder of your own with mode 0700; one that is not there is made so',
    );
  const there = await files.stat(path);
  if (!there) return;
  if (there.kind !== 'other' || (await isServed(path)))
    throw new Failure(
      given('file-exists', `${path} exists already`, {
        hint: own`name another path, or end what serves ${basename(path)}`,
      }),
    );
  await files.remove(path);
}

/** Whether somebody listens there: a process that was killed leaves its socket behind. */
function isServed(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const probe = connect({ path });
  probe.on('connect', () => resolve(true));
  probe.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED'));
  return promise.finally(() => probe.destroy());
}

const bad = (message: string, hint: string): Failure => new Failure(given('bad-socket', message, { hint }));
