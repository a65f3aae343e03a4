import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Content } from '../../src/content/content.ts';
import { openHttp } from '../../src/content/http.ts';

export interface Page {
  body: string | Buffer;
  etag?: string;
  modified?: string;
  type?: string;
  status?: number;
  headers?: Record<string, string>;
}

export interface WebServer {
  url: string;
  /** By path; what isn't here is 404. A function answers as it likes. */
  pages: Map<string, Page | ((request: IncomingMessage, response: ServerResponse) => void)>;
  /** `STATUS PATH` of each answer. */
  log: string[];
  /** Content by our client: the web as it is, no S3. */
  content: Content;
}

/** A web server of the test's own. */
export async function webServer(): Promise<WebServer> {
  const pages: WebServer['pages'] = new Map();
  const log: string[] = [];
  const server = createServer((request, response) => {
    response.once('finish', () => log.push(`${response.statusCode} ${request.url}`));
    const page = pages.get(request.url!);
    if (typeof page === 'function') page(request, response);
    else if (!page) response.writeHead(404).end();
    else send(page, request, response);
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pages,
    log,
    content: {
      open: openHttp({}),
      store: async () => {
        throw new Error('there is no S3 here');
      },
    },
  };
}

function send(page: Page, { headers }: IncomingMessage, response: ServerResponse): void {
  const common = {
    ...(page.etag !== undefined && { etag: page.etag }),
    ...(page.modified !== undefined && { 'last-modified': page.modified }),
    ...page.headers,
  };
  const same =
    (page.etag !== undefined && headers['if-none-match'] === page.etag) ||
    (page.modified !== undefined && headers['if-modified-since'] === page.modified);
  if (same) {
    response.writeHead(304, common).end();
    return;
  }
  response.writeHead(page.status ?? 200, {
    'content-type': page.type ?? 'application/octet-stream',
    'content-length': Buffer.byteLength(page.body),
    ...common,
  });
  response.end(page.body);
}
