import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, request as secureRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { nodeHost } from '../../src/io/node.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { labCertificates } from '../../src/lab/tls.ts';

/** What a mover asks for, by the step of a cycle that it belongs to. */
export type Step = (typeof STEPS)[number];
export const STEPS = [
  'take-lease',
  'create-snapshot',
  'query-areas',
  'read',
  'pack',
  'head',
  'point',
  'remove-snapshot',
  'release-lease',
] as const;

/** One request of a mover, before it is passed on. */
export interface Passing {
  /** Address of the mover. */
  from: string;
  side: 'store' | 'vcenter';
  step: Step | undefined;
  /** What is asked for, with its query. */
  path: string;
}

/** Stands between movers and a lab: sees each request, and may hold it or lose it. */
export interface Proxy {
  store: string;
  vcenter: { url: string; ca: string };
  /** Awaited before a request is passed on; a rejection cuts its connection. */
  before: (passing: Passing) => Promise<void>;
  close(): void;
}

export async function proxyOf(lab: Lab, dir: string): Promise<Proxy> {
  const { clock, random } = nodeHost();
  const { caPem, certPem, keyPem } = await labCertificates(dir, clock, random);
  const proxy = { before: async () => {} } as unknown as Proxy;
  /** Movers and VMs: the head was moved, and the lease not given up. */
  const committed = new Set<string>();

  const stepOf = (from: string, { method, url = '' }: IncomingMessage, body: Buffer): Step | undefined => {
    const path = url.split('?')[0]!;
    const whose = `${from} ${path.slice(0, path.lastIndexOf('/'))}`;
    if (method === 'PUT' && path.endsWith('/lease'))
      return committed.delete(whose) ? 'release-lease' : 'take-lease';
    if (method === 'PUT' && path.endsWith('/head')) {
      committed.add(whose);
      return 'head';
    }
    if (method === 'PUT' && path.includes('/packs/')) return 'pack';
    if (method === 'PUT' && path.includes('/points/')) return 'point';
    if (method === 'GET' && path.startsWith('/folder/')) return 'read';
    const call = /<(?:\w+:)?Body[^>]*>\s*<(?:\w+:)?(\w+)/.exec(
      body.subarray(0, 2_000).toString('latin1'),
    )?.[1];
    if (call?.startsWith('CreateSnapshot')) return 'create-snapshot';
    if (call === 'QueryChangedDiskAreas') return 'query-areas';
    if (call === 'RemoveSnapshot_Task') return 'remove-snapshot';
    return undefined;
  };

  const pass = (side: Passing['side'], to: URL) => async (asked: IncomingMessage, answer: ServerResponse) => {
    const from = asked.socket.remoteAddress ?? '';
    asked.on('error', () => {});
    answer.on('error', () => {});
    const pieces: Buffer[] = [];
    try {
      for await (const piece of asked) pieces.push(piece as Buffer);
      const body = Buffer.concat(pieces);
      await proxy.before({ from, side, step: stepOf(from, asked, body), path: asked.url ?? '' });
      const send = to.protocol === 'https:' ? secureRequest : request;
      const passed = send(
        {
          ...{ host: to.hostname, port: to.port, method: asked.method, path: asked.url },
          ...{ headers: asked.headers, rejectUnauthorized: false, agent: false },
        },
        got => {
          answer.writeHead(got.statusCode!, got.headers);
          got.pipe(answer);
          got.on('error', () => answer.destroy());
        },
      );
      passed.on('error', () => answer.destroy());
      passed.end(body);
    } catch {
      asked.socket.destroy();
    }
  };

  const store = createServer(pass('store', new URL(lab.s3.url)));
  const vcenter = createSecureServer(
    { cert: certPem, key: keyPem },
    pass('vcenter', new URL(lab.vsphere.url)),
  );
  for (const server of [store, vcenter])
    await new Promise<void>(ready => server.listen(0, '127.0.0.1', ready));
  const portOf = (server: typeof store | typeof vcenter) => (server.address() as AddressInfo).port;
  proxy.store = `http://127.0.0.1:${portOf(store)}`;
  proxy.vcenter = { url: `https://127.0.0.1:${portOf(vcenter)}`, ca: caPem };
  proxy.close = () => {
    for (const server of [store, vcenter]) {
      server.close();
      server.closeAllConnections();
    }
  };
  return proxy;
}
