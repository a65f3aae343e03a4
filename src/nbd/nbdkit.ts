import { join } from 'node:path';
import { Failure, world } from '../diagnostics/diagnostic.ts';
import { own } from '../diagnostics/own-words.ts';
import { endWords } from '../io/errors.ts';
import { privateFolder } from '../io/handles/private-folder.ts';
import type { Clock, CommandResult, Processes } from '../io/ports.ts';
import { retry } from '../io/retry.ts';
import { until } from '../io/until.ts';
import { connectNbd, type NbdClient, type patience as usualPatience } from './client.ts';
import { ExportRefused, Silence } from './negotiate.ts';

/** What nbdkit is to serve. */
export interface Export {
  /** Which disk, for messages. */
  of: string;
  /** Path of the program, or its name in PATH. */
  program: string;
  /** Filters from the one nearest to the client to the one nearest to the plugin. */
  filters?: readonly string[];
  /**
   * The plugin, and what it and the filters are told. No secrets: others see them in the list of processes.
   */
  plugin: readonly string[];
  /**
   * What the plugin reads from files of its own, since others can't see those: the name of the parameter and
   * the content. Passed as `name=+FILE`, as nbdkit's plugins take passwords.
   */
  secrets?: Readonly<Record<string, string>>;
  env?: Record<string, string>;
  /** It may be written. Left out: nbdkit is told to let nobody. */
  writable?: true;
}

export interface Served {
  readonly client: NbdClient;
  /** Disconnects, then asks nbdkit to end, then kills it. */
  close(): Promise<void>;
}

/** Milliseconds. VDDK logs in to the server and opens the disk before the first answer. */
const startsWithin = 120_000;

/** Milliseconds from the end of a connection to that of a program which ended it by ending itself. */
const diesWithin = 2_000;

/** Milliseconds from an answer that something can't be read to nbdkit's words about it. */
const saysWithin = 200;

/**
 * Starts nbdkit for one disk on a socket in a folder that nobody else can enter, and connects to
 * it. It ends with this process, however that ends.
 *
 * nbdkit doesn't end on SIGTERM while a client stays connected (seen with 1.32), so the client says goodbye
 * first; one that hangs is killed.
 *
 * @throws Failure `nbdkit-failed` with what it said, `program-not-started`, and what `connectNbd` throws
 */
export async function serve(
  what: Export,
  {
    processes,
    clock,
    patience,
  }: { processes: Processes; clock: Clock; patience?: Partial<typeof usualPatience> },
  signal?: AbortSignal,
): Promise<Served> {
  signal?.throwIfAborted();
  const folder = await privateFolder('nbd');
  const socket = join(folder.path, 'socket');
  const stop = new AbortController();
  const said = { result: undefined as CommandResult | undefined, error: undefined as unknown };
  /** The end of what nbdkit has said so far. */
  let heard = '';
  /** Its result, when it is ending by itself. */
  const dying = () =>
    retry({ first: 20, atMost: diesWithin }, { clock, isNotYet: result => !result }, async () => said.result);
  /** What it has said, when it says why it can't read: that comes by another way than its answer. */
  const saying = (before: string) =>
    retry(
      { first: 20, growth: 1, atMost: saysWithin },
      { clock, isNotYet: () => heard === before },
      async () => heard,
    );
  const stopped = async (running: Promise<void>) => {
    stop.abort(new Error('no longer needed'));
    await running;
    await folder.remove();
  };
  const secrets: string[] = [];
  try {
    for (const [name, content] of Object.entries(what.secrets ?? {}))
      secrets.push(`${name}=+${await folder.put(name, content)}`);
  } catch (error) {
    await folder.remove();
    throw error;
  }
  const filters = (what.filters ?? []).map(name => `--filter=${name}`);
  const [plugin = '', ...parameters] = what.plugin;
  const only = what.writable ? [] : ['--readonly'];
  const args = ['--foreground', '--exit-with-parent', ...only, '--unix', socket, ...filters, plugin];
  const running = processes
    .run(
      {
        file: what.program,
        args: [...args, ...secrets, ...parameters],
        ...(what.env && { env: what.env }),
        onStderr: text => {
          heard = (heard + text).slice(-keptWords);
        },
      },
      stop.signal,
    )
    .then(
      result => {
        said.result = result;
      },
      error => {
        said.error = error;
      },
    );
  try {
    const client = await until(
      clock,
      async () => {
        if (said.error !== undefined) throw said.error;
        if (said.result) throw ended(what, said.result);
        return connectNbd(socket, what.of, signal, patience).catch(async error => {
          if (!(error instanceof Failure && error.has('nbd-ended'))) throw error;
          if (isNotListening(error)) return undefined;
          // Either it is dying, or its plugin couldn't open the disk. Each attempt of that may be a login,
          // and too many lock the account.
          if (silenceIn(error)) throw new ExportRefused(error.message, { cause: silenceIn(error) });
          const result = await dying();
          throw result ? ended(what, result) : new ExportRefused(error.message, { cause: error });
        });
      },
      {
        every: 50,
        atMost: startsWithin,
        what: `nbdkit to serve ${what.of}`,
        ...(signal && { signal }),
      },
    );
    // It has read them by now, and nothing else is to find them.
    await Promise.all(Object.keys(what.secrets ?? {}).map(name => folder.drop(name)));
    return {
      client: explained(client, what, { dying, heard: () => heard, saying }),
      close: async () => {
        await client.close();
        await stopped(running);
      },
    };
  } catch (error) {
    await stopped(running);
    // It has said all by now.
    throw error instanceof ExportRefused ? refused(what, heard, error) : error;
  }
}

/** That of a server which didn't answer in time. */
const silenceIn = ({ cause }: Failure): Silence | undefined =>
  cause instanceof Error && cause.cause instanceof Silence ? cause.cause : undefined;

/** Whether there was nobody to connect to. */
function isNotListening(error: Failure): boolean {
  const { cause } = error;
  const { code } = ((cause instanceof Error && cause.cause) || {}) as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ECONNREFUSED';
}

interface Words {
  /** Its result, when it is ending by itself. */
  dying(): Promise<CommandResult | undefined>;
  /** All that it has said so far. */
  heard(): string;
  /** The same once there is more than before, or after a moment. */
  saying(before: string): Promise<string>;
}

/**
 * The client, whose connection ends with nbdkit's own words when that is why it ended, and whose reads and
 * writes fail with what nbdkit says about it.
 */
function explained(client: NbdClient, what: Export, { dying, heard, saying }: Words): NbdClient {
  const explain = async <T>(work: Promise<T>): Promise<T> => {
    const before = heard();
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.has('nbd-read', 'nbd-write')) {
        const after = await saying(before);
        throw after === before ? error : inItsWords(what, error, after);
      }
      const died = error.has('nbd-ended') ? await dying() : undefined;
      throw died ? ended(what, died) : error;
    }
  };
  return {
    size: client.size,
    readInto: (...range) => explain(client.readInto(...range)),
    status: (...range) => explain(client.status(...range)),
    write: (...range) => explain(client.write(...range)),
    flush: signal => explain(client.flush(signal)),
    close: () => client.close(),
  };
}

/** Characters of nbdkit's own words that are said, and that are kept. */
const mostSaid = 600;
const keptWords = 4 * mostSaid;

/** What it said, as the end of a sentence. */
function wordsOf(stderr: string): string {
  const words = stderr.trim().replace(/\s+/g, ' ').slice(-mostSaid).replace(/\.+$/, '');
  return words ? `: ${words}` : '';
}

/** Its last line: each failure has one. */
function inItsWords({ program }: Export, failure: Failure, stderr: string): Failure {
  const [diagnostic] = failure.diagnostics;
  const words = wordsOf(stderr.trim().split('\n').at(-1) ?? '');
  if (!diagnostic || words === '') return failure;
  const message = own`${diagnostic.message.replace(/\.$/, '')}; ${program} says${words}.`;
  return new Failure({ ...diagnostic, message }, { cause: failure });
}

const ended = ({ of, program }: Export, { exitCode, stderr }: CommandResult): Failure =>
  new Failure(
    world('nbdkit-failed', own`${program}, which serves ${of}, ${endWords(exitCode)}${wordsOf(stderr)}.`, {
      hint: 'Check `nbdkit:` of the target, and that the plugin and the VDDK are there.',
    }),
  );

/** What it says once it is ended by a signal is no reason. */
const refused = ({ of, program }: Export, stderr: string, cause: Error): Failure =>
  new Failure(
    world(
      'nbdkit-failed',
      own`${program} does not open ${of}${cause.cause instanceof Silence ? `: ${cause.cause.message}` : wordsOf(stderr)}.`,
      {
        hint: 'Check user and password of the target, its privileges, and that nothing else holds the disk.',
      },
    ),
    { cause },
  );
