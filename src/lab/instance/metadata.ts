import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock, Random } from '../../io/ports.ts';
import type { InstanceSettings } from './settings.ts';

export interface MetadataLab {
  /** `http://127.0.0.1:PORT`, where EC2 has http://169.254.169.254. */
  url: string;
  close(): Promise<void>;
}

interface Answer {
  status: number;
  body: string;
  headers?: Record<string, string>;
}

const text = (body: string): Answer => ({ status: 200, body });
const refused = (status: number, title: string): Answer => ({
  status,
  body: `<?xml version="1.0" encoding="iso-8859-1"?>\n<html><head><title>${status} - ${title}</title></head></html>\n`,
  headers: { 'content-type': 'text/html' },
});
const notFound = refused(404, 'Not Found');

const longestLife = 21_600;

/**
 * The instance metadata service in its second version only: a session token first, by PUT, then GET with
 * it. Source: "Use the Instance Metadata Service to access instance metadata", Amazon EC2 user guide.
 */
export async function startMetadata({
  instance,
  clock,
  random,
}: {
  instance(): Promise<InstanceSettings>;
  clock: Clock;
  random: Random;
}): Promise<MetadataLab> {
  /** When each token ends, ms. */
  const tokens = new Map<string, number>();
  const answer = async ({ method, url = '/', headers }: IncomingMessage): Promise<Answer> => {
    const settings = await instance();
    if (!settings.metadata) return refused(403, 'Forbidden');
    if (url === '/latest/api/token') {
      if (method !== 'PUT') return refused(405, 'Method Not Allowed');
      // Came through a proxy: then it may be for somebody else.
      if (headers['x-forwarded-for'] !== undefined) return refused(403, 'Forbidden');
      const seconds = Number(headers['x-aws-ec2-metadata-token-ttl-seconds']);
      if (!Number.isInteger(seconds) || seconds < 1 || seconds > longestLife)
        return refused(400, 'Bad Request');
      const token = random.bytes(32).toString('base64url');
      tokens.set(token, clock.now() + seconds * 1000);
      return {
        ...text(token),
        headers: { 'x-aws-ec2-metadata-token-ttl-seconds': String(seconds) },
      };
    }
    if (method !== 'GET') return refused(405, 'Method Not Allowed');
    const ends = tokens.get(String(headers['x-aws-ec2-metadata-token']));
    if (ends === undefined || ends <= clock.now()) return refused(401, 'Unauthorized');
    return item(url, settings);
  };
  const server = createServer((request, response) => {
    request.resume();
    answer(request).then(
      ({ status, body, headers }) =>
        response.writeHead(status, { 'content-type': 'text/plain', server: 'EC2ws', ...headers }).end(body),
      () => response.destroy(),
    );
  });
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}

function item(url: string, it: InstanceSettings): Answer {
  const plain: Record<string, string> = {
    'meta-data/instance-id': it.instanceId,
    'meta-data/instance-type': it.instanceType,
    'meta-data/ami-id': it.imageId,
    'meta-data/placement/region': it.region,
    'meta-data/placement/availability-zone': it.availabilityZone,
  };
  const path = url.replace(/^\/latest\//, '');
  if (Object.hasOwn(plain, path)) return text(plain[path]!);
  if (path === 'dynamic/instance-identity/document') return text(JSON.stringify(document(it), null, 2));
  const tag = /^meta-data\/tags\/instance(?:\/(.*))?$/.exec(path);
  if (!tag || !it.metadataTags) return notFound;
  if (!tag[1]) return text(Object.keys(it.tags).join('\n'));
  const key = decodeURIComponent(tag[1]);
  return Object.hasOwn(it.tags, key) ? text(it.tags[key]!) : notFound;
}

const document = (it: InstanceSettings) => ({
  accountId: it.accountId,
  architecture: 'x86_64',
  availabilityZone: it.availabilityZone,
  billingProducts: null,
  imageId: it.imageId,
  instanceId: it.instanceId,
  instanceType: it.instanceType,
  region: it.region,
  version: '2017-09-30',
});
