import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock, Random } from '../../io/ports.ts';
import type { Role } from '../instance/role.ts';
import { authorize, credentialsOf, mayDelete, mayLock, mayOnObject, roleAsking } from './authorize.ts';
import { type FaultRule, Faults } from './faults.ts';
import { openContent } from './handlers/get-object.ts';
import { publish, putObjects } from './objects/publish.ts';
import { Storage } from './objects/storage.ts';
import { S3Error } from './protocol/errors.ts';
import { type Answer, parseRequest, type S3Request } from './protocol/request.ts';
import { type Credentials, verifySignature } from './protocol/sigv4.ts';
import { errorXml } from './protocol/xml.ts';
import { route } from './router.ts';

export interface S3LabOptions {
  /** Folder of its own; made when it is not there. */
  dir: string;
  credentials: Credentials;
  /** Of the lab's instance; default: there is none. */
  role?: () => Promise<Role>;
  /** The one region that this endpoint serves. */
  region: string;
  clock: Clock;
  /** What signatures are held against, when the lab's own clock was moved; default `clock`. */
  authClock?: Clock;
  random: Random;
  /** Told each request that was answered, and how many bytes it brought or got. */
  took?: ((what: string, bytes: number) => void) | undefined;
  /** On 127.0.0.1; default: any free one. */
  port?: number;
}

export interface S3Lab {
  /** `http://127.0.0.1:PORT` */
  url: string;
  fault(rule: FaultRule): void;
  /** The faults that didn't strike yet. */
  waitingFaults(): FaultRule[];
  /** A bucket of another account: its name is taken, and that is all one learns. */
  plantForeignBucket(name: string): Promise<void>;
  /** Puts the files of a folder of this machine into a bucket, and tells how many there were. */
  publish(bucket: string, folder: string): Promise<number>;
  hasBucket(name: string): boolean;
  /** The newest version of an object, to be read by ranges; undefined when there is none. */
  object(
    bucket: string,
    key: string,
  ): Promise<{ bytes: number; read(offset: number, length: number): Promise<Buffer> } | undefined>;
  /** Puts objects into a bucket, which is made when it isn't there. */
  put(bucket: string, objects: readonly { key: string; bytes: Buffer }[]): Promise<void>;
  close(): Promise<void>;
}

interface Lab extends S3LabOptions {
  storage: Storage;
  faults: Faults;
}

function errorAnswer(error: S3Error, request: Pick<S3Request, 'rawPath' | 'id' | 'method'>): Answer {
  if (error.status === 304 || request.method === 'HEAD')
    return { status: error.status, headers: error.headers };
  return {
    status: error.status,
    headers: { 'content-type': 'application/xml', ...error.headers },
    body: errorXml({
      Code: error.code,
      Message: error.message,
      ...error.extra,
      Resource: request.rawPath,
      RequestId: request.id,
      HostId: 'lab',
    }),
  };
}

/** A bug of the lab is answered like S3 answers its own, and shown to whoever runs the lab. */
function toS3Error(error: unknown): S3Error {
  if (error instanceof S3Error) return error;
  process.emitWarning(error instanceof Error ? error : String(error), { type: 'LabS3Bug' });
  return new S3Error(500, 'InternalError', 'We encountered an internal error. Please try again.');
}

async function answer(request: S3Request, lab: Lab): Promise<Answer> {
  const role = roleAsking(request, await lab.role?.());
  const credentials = role ? credentialsOf(role, request) : lab.credentials;
  const signature = verifySignature(request, credentials, lab.region, (lab.authClock ?? lab.clock).now());
  if (role) authorize(role, request, lab.storage);
  return route(request)({
    ...{ request, signature, storage: lab.storage, region: lab.region },
    mayDelete: (bucket, key, versionId) => role && mayDelete(role, bucket, key, versionId),
    mayLock: (...what) => role && mayLock(role, lab.storage, ...what),
    mayBypass: (bucket, key) => !role || mayOnObject(role, 's3:BypassGovernanceRetention', bucket, key),
    mayKnowLock: (bucket, key) => !role || mayOnObject(role, 's3:GetObjectRetention', bucket, key),
  });
}

async function send(
  response: ServerResponse,
  { status, headers = {}, body }: Answer,
  common: Record<string, string>,
) {
  const all = Object.entries({ ...common, ...headers }).filter(([, value]) => value !== undefined);
  const length = typeof body === 'string' ? { 'content-length': Buffer.byteLength(body) } : {};
  response.writeHead(status, { ...(Object.fromEntries(all) as Record<string, string | number>), ...length });
  if (body === undefined || typeof body === 'string') {
    response.end(body);
    return;
  }
  for await (const piece of body) {
    if (response.destroyed) return;
    if (!response.write(piece))
      await new Promise<void>(resume => {
        const go = () => {
          response.off('drain', go).off('close', go);
          resume();
        };
        response.once('drain', go).once('close', go);
      });
  }
  response.end();
}

/** Of what was sent, and of what is answered, where its length is known. */
const bytesOf = (message: IncomingMessage, { headers = {} }: Answer): number =>
  Number(message.headers['content-length'] ?? 0) + Number(headers['content-length'] ?? 0);

async function serve(message: IncomingMessage, response: ServerResponse, lab: Lab): Promise<void> {
  const id = lab.random.bytes(8).toString('hex').toUpperCase();
  const common = {
    'x-amz-request-id': id,
    'x-amz-id-2': 'lab',
    server: 'converge-lab',
    date: new Date((lab.authClock ?? lab.clock).now()).toUTCString(),
  };
  let request: S3Request | undefined;
  let result: Answer;
  let fault: FaultRule | undefined;
  try {
    request = parseRequest(message, id);
    fault = lab.faults.take(request);
    if (fault?.kind === 'reset') return void message.socket.destroy();
    if (fault?.kind === 'latency') await lab.clock.sleep(fault.ms ?? 0);
    if (fault?.kind === 'slow-down') throw new S3Error(503, 'SlowDown', 'Please reduce your request rate.');
    if (fault?.kind === 'internal-error') {
      throw new S3Error(500, 'InternalError', 'We encountered an internal error. Please try again.');
    }
    result = await answer(request, lab);
    lab.took?.(`s3:${request.method}`, bytesOf(message, result));
  } catch (error) {
    if (message.destroyed && !message.complete) return;
    result = errorAnswer(
      toS3Error(error),
      request ?? { rawPath: message.url ?? '', id, method: message.method ?? '' },
    );
  }
  try {
    if (fault?.kind === 'lost-answer') message.socket.destroy();
    else await send(response, result, common);
  } finally {
    await result.done?.();
    // What the client still sends is read and thrown away, so that it gets to the answer.
    message.resume();
  }
}

/** Serves S3 from `dir`, which one process at a time may do. Throws when the port is taken. */
export async function startS3(options: S3LabOptions): Promise<S3Lab> {
  const storage = await Storage.open(options.dir, options.clock, options.random);
  const lab: Lab = { ...options, storage, faults: new Faults() };
  const server = createServer((message, response) => {
    serve(message, response, lab).catch(error => {
      toS3Error(error);
      response.destroy();
    });
  });
  // Longer than clients keep idle connections, so that none is cut just as it is used again.
  server.keepAliveTimeout = 120_000;
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fault: rule => lab.faults.add(rule),
    waitingFaults: () => lab.faults.waiting(),
    async plantForeignBucket(name) {
      await storage.saveBucket({ name, created: options.clock.now(), owner: 'foreign', configuration: {} });
    },
    publish: (bucket, folder) => publish(storage, bucket, folder),
    hasBucket: name => storage.buckets.get(name) !== undefined,
    async object(name, key) {
      const version = storage.buckets.get(name)?.keys.get(key)?.versions[0];
      if (version?.kind !== 'object') return undefined;
      return {
        bytes: version.size,
        async read(offset, length) {
          const content = await openContent(storage, version.blobs, { start: offset, end: offset + length });
          const pieces: Buffer[] = [];
          try {
            for await (const piece of content.read()) pieces.push(Buffer.from(piece));
          } finally {
            await content.close();
          }
          return Buffer.concat(pieces);
        },
      };
    },
    put: (bucket, objects) =>
      putObjects(
        storage,
        bucket,
        objects.map(({ key, bytes }) => ({ key, bytes: async () => bytes })),
      ),
    close() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}
