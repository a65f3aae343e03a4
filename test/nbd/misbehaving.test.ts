import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { connectNbd } from '../../src/nbd/client.ts';
import { chunk, command, greeting, option, optionReply } from '../../src/nbd/protocol.ts';
import { diagnosticOf } from '../aws/fixture.ts';
import { temporaryFolder } from '../support/engine-host.ts';
import { readFrom } from '../support/read-from.ts';

const MiB = 1 << 20;
const size = 64 * MiB;

const bytes = (...fields: [bits: 16 | 32 | 64, value: number | bigint][]): Buffer =>
  Buffer.concat(
    fields.map(([bits, value]) => {
      const field = Buffer.alloc(8);
      field.writeBigUInt64BE(BigInt(value));
      return field.subarray(8 - bits / 8);
    }),
  );

interface Script {
  /** Answers to an option before the one that ends them, other than those of a server that is well. */
  options?: Record<number, Buffer[]>;
  /** What it sends for a read. */
  read?(cookie: bigint, offset: number, length: number): Buffer[];
  /** It takes nothing any more once the export is open. */
  stops?: true;
}

const part = (cookie: bigint, at: number, content: Buffer, last: boolean): Buffer =>
  Buffer.concat([
    bytes([32, 0x668e33ef], [16, last ? 1 : 0], [16, chunk.offsetData], [64, cookie]),
    bytes([32, content.length + 8], [64, at]),
    content,
  ]);

/** A server that goes by the specification, but for what the script says: github.com/NetworkBlockDevice. */
async function scripted({ options = {}, read, stops }: Script): Promise<string> {
  const usual: Record<number, Buffer[]> = {
    [option.structuredReply]: [],
    [option.setMetaContext]: [Buffer.concat([bytes([32, 7]), Buffer.from('base:allocation')])],
    [option.go]: [bytes([16, 0], [64, size], [16, 0b101])],
  };
  const types: Record<number, number> = {
    [option.setMetaContext]: optionReply.metaContext,
    [option.go]: optionReply.info,
  };
  const answer = (number: number): Buffer[] => {
    const reply = (type: number, data: Buffer) =>
      Buffer.concat([bytes([64, 0x3e889045565a9n], [32, number], [32, type], [32, data.length]), data]);
    const before = (options[number] ?? usual[number] ?? []).map(data => reply(types[number] ?? 0, data));
    return [...before, reply(optionReply.ack, Buffer.alloc(0))];
  };
  const talk = async (socket: Socket) => {
    let got = Buffer.alloc(0);
    const pieces = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    const take = async (length: number) => {
      while (got.length < length) {
        const { value, done } = await pieces.next();
        if (done) throw new Error('over');
        got = Buffer.concat([got, value]);
      }
      const taken = got.subarray(0, length);
      got = got.subarray(length);
      return taken;
    };
    socket.write(bytes([64, greeting.magic], [64, greeting.option], [16, 3]));
    await take(4);
    for (let number = 0; number !== option.go; ) {
      const head = await take(16);
      number = head.readUInt32BE(8);
      await take(head.readUInt32BE(12));
      for (const reply of answer(number)) socket.write(reply);
    }
    if (stops) return socket.pause();
    for (;;) {
      const request = await take(28);
      if (request.readUInt16BE(6) !== command.read) return socket.end();
      const [cookie, offset] = [request.readBigUInt64BE(8), Number(request.readBigUInt64BE(16))];
      for (const chunk of read?.(cookie, offset, request.readUInt32BE(24)) ?? []) socket.write(chunk);
    }
  };
  const path = join(temporaryFolder(), 's');
  const server = createServer(socket => {
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
    talk(socket).catch(() => {});
  }).listen(path);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return path;
}

test('parts of an answer that come once each, in any order, are the whole', async () => {
  const path = await scripted({
    read: (cookie, offset, length) => [
      part(cookie, offset + length / 2, Buffer.alloc(length / 2, 2), false),
      part(cookie, offset, Buffer.alloc(length / 2, 1), true),
    ],
  });
  const client = await connectNbd(path, 'Hard disk 1');
  const found = await readFrom(client, 4096, 1024);
  expect(found.equals(Buffer.concat([Buffer.alloc(512, 1), Buffer.alloc(512, 2)]))).toBe(true);
  await client.close();
});

test('a part that comes twice in the place of another is no answer: nobody knows the other bytes', async () => {
  const path = await scripted({
    read: (cookie, offset, length) => [
      part(cookie, offset, Buffer.alloc(length / 2, 1), false),
      part(cookie, offset, Buffer.alloc(length / 2, 1), true),
    ],
  });
  const client = await connectNbd(path, 'Hard disk 1');
  expect(await diagnosticOf(readFrom(client, 4096, 1024))).toMatchObject({
    code: 'nbd-protocol',
    message: expect.stringContaining('512 bytes for 4096, some of them again'),
  });
  await client.close();
});

test.each([
  ['about what is allocated', option.setMetaContext, Buffer.alloc(2)],
  ['about an export, of one byte', option.go, Buffer.alloc(1)],
  ['about an export, without its size', option.go, bytes([16, 0], [32, 1])],
])('an answer %s that is too short is none', async (_, number, data) => {
  const path = await scripted({ options: { [number]: [data] } });
  expect(await diagnosticOf(connectNbd(path, 'Hard disk 1'))).toMatchObject({ code: 'nbd-protocol' });
});

test('a goodbye does not wait for a server that takes nothing of what is written', async () => {
  const path = await scripted({ stops: true });
  const client = await connectNbd(path, 'Hard disk 1', undefined, { leaving: 10 });
  const stop = new AbortController();
  const writes = Promise.allSettled(
    Array.from({ length: 16 }, (_, n) => client.write(n * MiB, Buffer.alloc(MiB), stop.signal)),
  );
  stop.abort(new Error('enough'));
  await client.close();
  expect((await writes).every(({ status }) => status === 'rejected')).toBe(true);
});
