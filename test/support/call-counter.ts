import { Agent, createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One call, as it was answered. */
export interface Call {
  /** `ec2:RunInstances`, `ebs:PutSnapshotBlock`, `s3:GET`. */
  what: string;
  /** Path and query as they came. */
  path: string;
  status: number;
  /** Bytes of the answer's body. */
  bytes: number;
}

export interface Refusal {
  status: number;
  /** Content type. */
  type: string;
  body: string;
}

export interface CallCounter {
  url: string;
  /** Since the last `clear`. */
  readonly calls: readonly Call[];
  clear(): void;
  close(): Promise<void>;
}

/**
 * Stands before a server of the lab and counts what goes through, unchanged: signatures stay what they
 * were. `refuse` sees each call first, and may answer in its stead, as an account over its limits does.
 */
export async function callCounter(
  target: string,
  refuse?: (what: string) => Refusal | undefined | Promise<Refusal | undefined>,
): Promise<CallCounter> {
  const calls: Call[] = [];
  const { hostname, port } = new URL(target);
  const agent = new Agent({ keepAlive: true });
  const server = createServer(async (message, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of message) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces);
    const what = nameOf(message, body);
    const path = message.url ?? '';
    const refused = await refuse?.(what);
    if (refused) {
      calls.push({ what, path, status: refused.status, bytes: refused.body.length });
      response.writeHead(refused.status, { 'content-type': refused.type }).end(refused.body);
      return;
    }
    const { method, headers } = message;
    const onward = request({ agent, hostname, port, method, path, headers }, answered => {
      const call: Call = { what, path, status: answered.statusCode ?? 0, bytes: 0 };
      calls.push(call);
      response.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.on('data', (piece: Buffer) => {
        call.bytes += piece.length;
      });
      answered.pipe(response);
    });
    onward.on('error', () => response.destroy());
    onward.end(body);
  });
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    clear: () => void calls.splice(0),
    async close() {
      const closed = new Promise(done => server.close(done));
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

/** EBS direct's operations by method and path. Source: EBS direct APIs reference, "Actions". */
const ebs: [RegExp, string][] = [
  [/^POST \/snapshots\/completion\//, 'CompleteSnapshot'],
  [/^POST \/snapshots$/, 'StartSnapshot'],
  [/^PUT /, 'PutSnapshotBlock'],
  [/^GET \/snapshots\/[^/]+\/blocks$/, 'ListSnapshotBlocks'],
  [/^GET \/snapshots\/[^/]+\/blocks\//, 'GetSnapshotBlock'],
];

function nameOf({ method, url = '', headers }: IncomingMessage, body: Buffer): string {
  const service = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? '?';
  const target = headers['x-amz-target'];
  if (target !== undefined) return `${service}:${String(target).split('.').at(-1)}`;
  const asked = `${method} ${url.split('?')[0]}`;
  if (service === 'ebs') return `ebs:${ebs.find(([form]) => form.test(asked))?.[1] ?? asked}`;
  const action = service === 's3' ? undefined : new URLSearchParams(body.toString()).get('Action');
  return `${service}:${action ?? method}`;
}

/** How often each was called: `{ 'ec2:RunInstances': 1 }`. */
export function countOf(calls: readonly Call[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { what } of calls) counts[what] = (counts[what] ?? 0) + 1;
  return counts;
}
