import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Diagnostic, Failure, world } from '../diagnostics/diagnostic.ts';
import type { LabAnswer, LabCommand } from './commands.ts';

/** How another process reaches the one that serves a lab folder. Lies in `serving.json`, mode 0600. */
export interface ControlEndpoint {
  port: number;
  token: string;
}

/** Serves lab commands on loopback to whoever can read the lab folder's token. */
export async function serveControl(
  execute: (command: LabCommand) => Promise<LabAnswer>,
): Promise<ControlEndpoint & { close(): Promise<void> }> {
  const token = randomBytes(32).toString('hex');
  const server = createServer(async (req, res) => {
    const answer = (status: number, body: unknown) => {
      res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const said = Buffer.from(req.headers.authorization ?? '');
    const expected = Buffer.from(`Bearer ${token}`);
    if (said.length !== expected.length || !timingSafeEqual(said, expected)) return answer(401, {});
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of req) chunks.push(chunk as Buffer);
      answer(200, await execute(JSON.parse(Buffer.concat(chunks).toString()) as LabCommand));
    } catch (error) {
      if (error instanceof Failure) answer(409, { diagnostics: error.diagnostics });
      else answer(500, { diagnostics: [world('lab-broke', `the lab failed: ${(error as Error).message}`)] });
    }
  });
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
  return {
    port: (server.address() as AddressInfo).port,
    token,
    close: () =>
      new Promise(closed => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

/** Milliseconds without a sign; importing a large disk takes its time. */
const answerLimit = 10 * 60_000;

/** Sends one command. Undefined when no lab answers there (any more). Throws the server's Failure. */
export function sendControl(endpoint: ControlEndpoint, command: LabCommand): Promise<LabAnswer | undefined> {
  return new Promise((resolve, reject) => {
    const req = request(
      {
        host: '127.0.0.1',
        port: endpoint.port,
        method: 'POST',
        headers: { authorization: `Bearer ${endpoint.token}` },
      },
      async res => {
        const chunks: Buffer[] = [];
        for await (const chunk of res) chunks.push(chunk as Buffer);
        const body = parse(Buffer.concat(chunks).toString());
        if (body?.diagnostics) reject(new Failure(body.diagnostics));
        else resolve(body);
      },
    );
    req.setTimeout(answerLimit, () => req.destroy());
    req.on('error', () => resolve(undefined));
    req.end(JSON.stringify(command));
  });
}

/** Whatever doesn't speak like a lab is somebody else's program. */
function parse(text: string): (LabAnswer & { diagnostics?: Diagnostic[] }) | undefined {
  try {
    const body = JSON.parse(text) as LabAnswer & { diagnostics?: Diagnostic[] };
    return Array.isArray(body.lines) || Array.isArray(body.diagnostics) ? body : undefined;
  } catch {
    return undefined;
  }
}
