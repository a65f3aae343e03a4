import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, sep } from 'node:path';
import { Failure, given } from '../../diagnostics/diagnostic.ts';

/** The web as the lab has it: `/HOST/PATH` is the file PATH of the folder that was put up as HOST. */
export interface WebLab {
  /** `http://127.0.0.1:PORT` */
  url: string;
  /** Copies a folder, in the place of what the host answered with before. */
  publish(host: string, folder: string): Promise<void>;
  close(): Promise<void>;
}

const types: Record<string, string> = {
  '.html': 'text/html',
  '.htm': 'text/html',
  '.txt': 'text/plain',
  '.json': 'application/json',
  '.zip': 'application/zip',
};

export async function startWeb(options: { dir: string; port?: number }): Promise<WebLab> {
  const { dir } = options;
  const server = createServer((request, response) => {
    answer(dir, request, response).catch(() => response.writeHead(500).end());
  });
  await new Promise<void>(done => server.listen(options.port ?? 0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    publish: (host, folder) => publish(dir, host, folder),
    close: () =>
      new Promise(done => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

type Asked = Pick<import('node:http').IncomingMessage, 'url' | 'method' | 'headers'>;

async function answer(dir: string, { url = '/', method, headers }: Asked, response: ServerResponse) {
  const say = (status: number, text: string) =>
    response.writeHead(status, { 'content-type': 'text/plain' }).end(`${text}\n`);
  if (method !== 'GET' && method !== 'HEAD') return say(405, 'the lab only hands out');
  const path = decodeURIComponent(new URL(url, 'http://lab').pathname);
  const [, host = ''] = path.split('/');
  const root = join(dir, host);
  const file = join(dir, path);
  if (host === '' || host.startsWith('.') || !(await stat(root).catch(() => undefined)))
    return say(
      502,
      `the lab has no content of ${host}; put it up with: converge lab site-content ${host} DIR`,
    );
  if (!file.startsWith(root + sep)) return say(404, 'no such file');
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) return say(404, 'no such file');
  const bytes = await readFile(file);
  const etag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}"`;
  const common = { etag, 'last-modified': found.mtime.toUTCString() };
  if (isKnown(headers, common)) return response.writeHead(304, common).end();
  response.writeHead(200, {
    ...common,
    'content-type': types[extname(file).toLowerCase()] ?? 'application/octet-stream',
    'content-length': bytes.length,
  });
  return response.end(method === 'HEAD' ? undefined : bytes);
}

function isKnown(
  { 'if-none-match': match, 'if-modified-since': since }: Asked['headers'],
  common: { etag: string; 'last-modified': string },
): boolean {
  if (match !== undefined) return match === common.etag;
  return since !== undefined && Date.parse(common['last-modified']) <= Date.parse(since);
}

async function publish(dir: string, host: string, folder: string): Promise<void> {
  if (!/^[a-z0-9][a-z0-9.-]*(:\d+)?$/i.test(host))
    throw new Failure(
      given('bad-host', `${host} is not a host name`, { hint: 'write it as in a URL: files.example.com' }),
    );
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory())
    throw new Failure(
      given('no-such-folder', `${folder} is not a folder`, {
        hint: 'give the folder that the host answers with',
      }),
    );
  const at = join(dir, host.toLowerCase());
  const next = join(dir, `.next-${host.toLowerCase()}`);
  await mkdir(dir, { recursive: true });
  await rm(next, { recursive: true, force: true });
  await cp(folder, next, { recursive: true, dereference: true });
  await rm(at, { recursive: true, force: true });
  await rename(next, at);
}
