import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import { createBudget } from '../../src/nbd/budget.ts';
import { connectNbd } from '../../src/nbd/client.ts';
import { serveNbd } from '../../src/nbd/listen.ts';
import { command, encodeOption, encodeRequest, goData, option } from '../../src/nbd/protocol.ts';
import type { ServedDisk } from '../../src/nbd/server.ts';
import { diagnosticOf } from '../aws/fixture.ts';
import { temporaryFolder } from '../support/engine-host.ts';
import { readFrom } from '../support/read-from.ts';

const MiB = 1 << 20;
const { signal } = new AbortController();
const { files } = nodeHost();

/** A disk that is served, and which of its reads were begun. */
async function served(read: ServedDisk['read'] = async (_, length) => Buffer.alloc(length)) {
  const begun: number[] = [];
  const disk: ServedDisk = {
    ...{ name: 'disk', bytes: 2 ** 40, preferred: 4096 },
    read: (offset, length, stop) => {
      begun.push(offset);
      return read(offset, length, stop);
    },
    status: async (start, length) => [{ start, length, zero: false }],
  };
  const socket = join(temporaryFolder(), 'run/socket');
  const stop = new AbortController();
  const listening = Promise.withResolvers<void>();
  const options = { socket, files, signal: stop.signal, listening: listening.resolve, failed: () => {} };
  const ended = serveNbd([disk], options);
  onTestFinished(async () => {
    stop.abort();
    await ended;
  });
  await listening.promise;
  return { socket, begun };
}

/** A client that asks for as much as it may, and takes nothing of it. */
async function greedy(path: string, from: number): Promise<Socket> {
  const socket = connect({ path });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  const flags = Buffer.alloc(4);
  flags.writeUInt32BE(3);
  socket.write(
    Buffer.concat([flags, encodeOption(option.structuredReply), encodeOption(option.go, goData())]),
  );
  for (let n = 0; n < 8; n++)
    socket.write(
      encodeRequest({
        ...{
          command: command.read,
          cookie: BigInt(n + 1),
          offset: from + n * 32 * MiB,
          length: 32 * MiB,
          flags: 0,
        },
      }),
    );
  return socket;
}

test('who asks for much and takes nothing is held with one answer, and others are served meanwhile', async () => {
  const { socket, begun } = await served();
  for (let n = 0; n < 3; n++) await greedy(socket, n * 2 ** 30);
  const other = await connectNbd(socket, 'disk');
  // Each answer to the other comes after all that the server does by itself.
  for (let n = 0; n < 8; n++) expect(await readFrom(other, 2 ** 39 + n * 512, 512)).toHaveLength(512);
  await other.close();
  expect(begun.filter(offset => offset < 2 ** 39).sort()).toEqual([0, 2 ** 30, 2 ** 31]);
});

test('who takes it at last has all of it', async () => {
  const { socket, begun } = await served();
  const late = await greedy(socket, 0);
  let came = 0;
  for await (const piece of late) {
    came += (piece as Buffer).length;
    if (came >= 8 * 32 * MiB) break;
  }
  expect(begun).toHaveLength(8);
});

test('a server that greets nobody, and one that never answers a read, end by themselves', async () => {
  const path = join(temporaryFolder(), 's');
  const silent = createServer(socket => void socket.on('error', () => {})).listen(path);
  onTestFinished(() => void silent.close());
  await once(silent, 'listening');
  const patience = { opening: 60, answering: 60 };
  expect(await diagnosticOf(connectNbd(path, 'Hard disk 1', signal, patience))).toMatchObject({
    code: 'nbd-ended',
    message: 'The connection that Hard disk 1 is served over ended: nothing came for 0.06 seconds.',
  });
  const { socket } = await served(
    (offset, length, stop) =>
      new Promise((resolve, reject) => {
        if (offset === 0) resolve(Buffer.alloc(length));
        else stop.addEventListener('abort', () => reject(stop.reason));
      }),
  );
  const client = await connectNbd(socket, 'Hard disk 1', signal, patience);
  expect(await readFrom(client, 0, 512)).toHaveLength(512);
  expect(await diagnosticOf(readFrom(client, 512, 512))).toMatchObject({
    code: 'nbd-ended',
    message:
      'The connection that Hard disk 1 is served over ended: it was asked, and nothing came for 0.06 seconds.',
  });
  await client.close();
});

test('never more is held than there is, but for one that is larger, and everybody has a turn', async () => {
  const wish = fc.record({ bytes: fc.integer({ min: 1, max: 150 }), gone: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.array(wish, { maxLength: 30 }),
      fc.infiniteStream(fc.nat(29)),
      async (wishes, order) => {
        const budget = createBudget(100);
        const held = new Map<number, { bytes: number; free(): void }>();
        const served: number[] = [];
        const waits = wishes.map(({ bytes, gone }, n) => {
          const stop = new AbortController();
          const taken = budget.take(bytes, stop.signal).then(
            free => {
              served.push(n);
              held.set(n, { bytes, free });
            },
            reason => expect(reason).toBe(stop.signal.reason),
          );
          return { taken, stop, gone };
        });
        const settle = () => new Promise(setImmediate);
        await settle();
        for (const { stop, gone } of waits) if (gone) stop.abort();
        for (const pick of order) {
          await settle();
          const sum = [...held.values()].reduce((all, { bytes }) => all + bytes, 0);
          expect(sum <= 100 || held.size === 1).toBe(true);
          const one = [...held.keys()][pick % Math.max(1, held.size)];
          if (one === undefined) break;
          held.get(one)!.free();
          held.delete(one);
        }
        await Promise.all(waits.map(({ taken }) => taken));
        expect(served).toEqual([...served].sort((a, b) => a - b));
        for (const [n, { gone }] of wishes.entries()) if (!gone) expect(served).toContain(n);
      },
    ),
    { numRuns: 60 },
  );
});
