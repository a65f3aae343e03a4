import { isIP } from 'node:net';
import { Queue, type RedisClient, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { Failure, world } from '../diagnostics/diagnostic.ts';
import { own } from '../diagnostics/own-words.ts';
import type { Answered, QueueServer, Taken, WakeQueue } from '../operation/queue/wake-queue.ts';
import type { Line, WakeUp } from '../operation/queue/wake-up.ts';
import type { QueueAddress } from './address.ts';

export interface BullOptions extends QueueAddress {
  password: string | undefined;
  /** PEM of the authorities that a certificate is verified against; undefined: those of Node. */
  ca: string | undefined;
  /** Of the mover: what it has taken is its own. */
  mover: string;
}

/** All keys are below it. */
const prefix = 'converge';

/** A server that doesn't answer for so long is away, ms. */
const patience = 5_000;

/** How long what is taken is kept from others without another word, ms. */
const keptFor = 30_000;

/** Answers that are kept: no age, which would be told by the clock of whoever answers last. */
const answers = { count: 1_000 };

/** By a script, as the library does all that it does; it works while memory is full, too. */
const harmless = "return redis.call('del', KEYS[1])";

/** How many of them are read at once. */
const read = 300;

/** What is taken may be lost by any number of movers: the repository decides. */
const anyNumber = 1_000_000_000;

/** A queue by BullMQ on Redis or Valkey, over one connection, which is made again by itself. */
export function bullQueue(options: BullOptions): WakeQueue {
  const { host, port, user, isEncrypted, password, ca, mover } = options;
  const connection = new Redis({
    ...{ host, port, lazyConnect: true, enableOfflineQueue: false, maxRetriesPerRequest: null },
    ...{ connectTimeout: patience, commandTimeout: patience },
    // It would look for what a command says anyhow, and write on the console where it isn't let.
    enableReadyCheck: false,
    retryStrategy: times => Math.min(200 * times, 2_000),
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    ...(isEncrypted && {
      tls: { ...(ca !== undefined && { ca }), ...(isIP(host) === 0 && { servername: host }) },
    }),
  });
  // Why it is not connected, for whoever asks next.
  let last: Error | undefined;
  connection.on('error', error => {
    last = error;
  });
  connection.on('ready', () => {
    last = undefined;
  });
  const queues = new Map<string, Queue>();
  const workers = new Map<string, Worker>();

  const connected = async (): Promise<void> => {
    if (connection.status === 'wait' || connection.status === 'end') await connection.connect();
  };

  const asking = async <T>(ask: () => Promise<T>): Promise<T> => {
    try {
      await connected();
      return await ask();
    } catch (error) {
      throw wrong(last ?? error, options);
    }
  };

  const nameOf = ({ domain, lane }: Line) => `${domain}-${lane}`;

  const queueOf = (line: Line): Queue => {
    const name = nameOf(line);
    const there = queues.get(name);
    if (there) return there;
    const queue = new Queue(name, { connection: connection as unknown as RedisClient, prefix });
    queue.on('error', () => {}); // whoever asked is told
    queues.set(name, queue);
    return queue;
  };

  const workerOf = async (line: Line): Promise<Worker> => {
    const name = nameOf(line);
    const there = workers.get(name);
    if (there) return there;
    const worker = new Worker(name, null, {
      ...{
        connection: connection as unknown as RedisClient,
        prefix,
        autorun: false,
        blockingConnection: false,
      },
      ...{ lockDuration: keptFor, stalledInterval: keptFor / 3, maxStalledCount: anyNumber },
    });
    worker.on('error', () => {}); // whoever asked is told
    workers.set(name, worker);
    await worker.startStalledCheckTimer();
    return worker;
  };

  return {
    server: () =>
      asking(async () => {
        const info = `${await connection.info('memory')}\n${await connection.info('persistence')}`;
        const server = serverIn(info, await savesOf(connection));
        // Whether this user may take and offer: what evicts is refused without that.
        if (server.eviction === 'noeviction') await connection.eval(harmless, 1, `${prefix}:tried`);
        return server;
      }),
    add: (line, wake: WakeUp, key, priority) =>
      asking(async () => {
        const job = await queueOf(line).add('wake', wake, {
          ...{ priority, deduplication: { id: key } },
          ...{ removeOnComplete: answers, removeOnFail: true },
        });
        return job.id!;
      }),
    answered: line =>
      asking(async () => {
        const jobs = await queueOf(line).getJobs(['completed'], 0, read - 1, false);
        return jobs.flatMap((job): Answered[] =>
          // One that was removed between the list and itself.
          job?.id === undefined ? [] : [{ id: job.id, data: job.returnvalue }],
        );
      }),
    has: (line, id) => asking(async () => (await queueOf(line).getJob(id)) !== undefined),
    limit: line => asking(async () => (await queueOf(line).getGlobalConcurrency()) ?? undefined),
    setLimit: (line, most) =>
      asking(async () => {
        if (most === undefined) await queueOf(line).removeGlobalConcurrency();
        else await queueOf(line).setGlobalConcurrency(most);
      }),
    take: line =>
      asking(async (): Promise<Taken | undefined> => {
        const worker = await workerOf(line);
        const job = await worker.getNextJob(mover, { block: false });
        if (!job) return undefined;
        return {
          data: job.data,
          keep: () => asking(async () => void (await job.extendLock(mover, keptFor))),
          answer: data => asking(() => answered(job.moveToCompleted(data, mover, false))),
        };
      }),
    async close() {
      for (const worker of workers.values()) await worker.close(true).catch(() => {});
      for (const queue of queues.values()) await queue.close().catch(() => {});
      connection.disconnect();
    },
  };
}

/** What others have taken since is answered by them. */
async function answered(answering: Promise<unknown>): Promise<void> {
  try {
    await answering;
  } catch (error) {
    if (!/^(Missing|Lock mismatch)/.test((error as Error).message)) throw error;
  }
}

/** Points in time at which the whole is written down; undefined: it doesn't tell this user. */
async function savesOf(connection: Redis): Promise<string | undefined> {
  try {
    const [, saves] = (await connection.config('GET', 'save')) as string[];
    return saves;
  } catch (error) {
    if (/NOPERM|unknown command/i.test((error as Error).message)) return undefined;
    throw error;
  }
}

function serverIn(info: string, saves: string | undefined): QueueServer {
  const said = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const appends = said('aof_enabled') === '1';
  const persists = appends ? true : saves === undefined ? undefined : saves !== '';
  const [most, used] = [Number(said('maxmemory') ?? 0), Number(said('used_memory') ?? 0)];
  return { eviction: said('maxmemory_policy'), persists, isFull: most > 0 && used >= most };
}

/** What keeps a queue from answering, without anything that was sent to it. */
function wrong(error: unknown, { host, port, user }: QueueAddress): Failure {
  const { message, code } = error as NodeJS.ErrnoException;
  const at = `${host}:${port}`;
  if (/^(WRONGPASS|NOAUTH|ERR AUTH)/.test(message))
    return new Failure(
      world('queue-refused', own`the queue at ${at} lets nobody in like that: ${message}`, {
        hint: `name the user in the URL (redis://USER@${host}), and its password with --queue-password`,
      }),
    );
  if (/^NOPERM|ACL failure in script|can't run this command/.test(message))
    return new Failure(
      world(
        'queue-refused',
        own`the queue at ${at} doesn't let the user ${user ?? 'default'} do that: ${message}`,
        {
          hint: `grant it what docs/movers.md names: keys below \`${prefix}:\`, and the commands of a queue`,
        },
      ),
    );
  if (/^OOM/.test(message))
    return new Failure(
      world('queue-away', own`the memory of the queue at ${at} is full: it takes no wake-ups`, {
        hint: 'give it more (maxmemory), or remove what others keep there; a wake-up takes about 1 KiB',
      }),
    );
  if (/certificate|self.signed|CERT_|ERR_TLS|altnames/i.test(`${code ?? ''} ${message}`))
    return new Failure(
      world('queue-refused', own`the certificate of the queue at ${at} can't be trusted: ${message}`, {
        hint: 'name the authority that signed it with --queue-ca FILE, and the host as the certificate does',
      }),
    );
  return new Failure(
    world('queue-away', own`the queue at ${at} can't be reached: ${message}`, {
      hint: 'wake-ups come back by themselves when it does; until then each agent moves within its own slots',
    }),
  );
}
