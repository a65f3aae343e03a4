import { writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { folder, run } from './s3-programs.ts';

/** One request as it went over the wire, and its answer. Bodies are Base64. */
export interface Exchange {
  method: string;
  path: string;
  requestHeaders: Record<string, string>;
  request: string;
  status: number;
  answerHeaders: Record<string, string>;
  answer: string;
}

/** Stands before the lab's endpoint and keeps all that goes through; what it gets is passed on as it is. */
export async function recorder(target: string) {
  const exchanges: Exchange[] = [];
  const text = (headers: NodeJS.Dict<string | string[]>) =>
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  const { hostname, port } = new URL(target);
  const server = createServer(async (message, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of message) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces);
    const { method = '', url: path = '', headers } = message;
    const onward = request({ hostname, port, method, path, headers }, async answered => {
      const parts: Buffer[] = [];
      for await (const part of answered) parts.push(part as Buffer);
      const answer = Buffer.concat(parts);
      exchanges.push({
        method,
        path,
        requestHeaders: text(headers),
        request: body.toString('base64'),
        status: answered.statusCode ?? 0,
        answerHeaders: text(answered.headers),
        answer: answer.toString('base64'),
      });
      response.writeHead(answered.statusCode ?? 500, answered.headers).end(answer);
    });
    onward.on('error', () => response.destroy());
    onward.end(body);
  });
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, exchanges };
}

/**
 * The operations that were seen, `ec2:RunInstances`. Rejects with every fault that botocore's models show.
 */
export async function judged(exchanges: readonly Exchange[]): Promise<string[]> {
  const file = join(folder(), 'exchanges.jsonl');
  writeFileSync(file, exchanges.map(each => `${JSON.stringify(each)}\n`).join(''));
  const said = await run('python3', [join(import.meta.dirname, 'aws_strict.py'), file], {});
  return JSON.parse(said.trim().split('\n').at(-1)!) as string[];
}
