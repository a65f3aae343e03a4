import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import { labCertificates } from '../../src/lab/tls.ts';

export interface HttpsReceiver {
  url: string;
  /** Of the authority that vouches for it. */
  ca: string;
  /** The bodies that it was sent, parsed. */
  got: unknown[];
  /** What it answers from now on. */
  status: number;
}

/** Takes JSON over https on this machine. */
export async function httpsReceiver(): Promise<HttpsReceiver> {
  const folder = await mkdtemp(join(tmpdir(), 'converge-test-'));
  const { clock, random } = nodeHost();
  const { caPem, certPem, keyPem } = await labCertificates(folder, clock, random);
  const server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
    let body = '';
    request.on('data', piece => {
      body += piece;
    });
    request.on('end', () => {
      receiver.got.push(body === '' ? undefined : JSON.parse(body));
      response.writeHead(receiver.status).end();
    });
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  });
  const receiver: HttpsReceiver = {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: caPem,
    got: [],
    status: 200,
  };
  return receiver;
}
