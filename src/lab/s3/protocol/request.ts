import type { IncomingMessage } from 'node:http';
import { S3Error } from './errors.ts';

/** A request as the handlers see it. */
export interface S3Request {
  method: string;
  /** Undefined for the service itself. */
  bucket?: string;
  /** Undefined for a bucket request. Decoded. */
  key?: string;
  /** Decoded; a parameter without `=` is the empty string. */
  query: Map<string, string>;
  /** Lower-case names; repeated headers joined by node. */
  headers: Map<string, string>;
  /** Path as it was sent, without the query; signatures cover this. */
  rawPath: string;
  id: string;
  message: IncomingMessage;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error(400, 'InvalidURI', "Couldn't parse the specified URI.");
  }
}

function parseQuery(raw: string): Map<string, string> {
  const query = new Map<string, string>();
  for (const pair of raw.split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const [name, value] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
    query.set(decode(name.replaceAll('+', ' ')), decode(value.replaceAll('+', ' ')));
  }
  return query;
}

/** Virtual-host style: `BUCKET.localhost` or `BUCKET.s3.localhost`. */
const hostBucket = (host: string): string | undefined =>
  /^(.+?)(?:\.s3)?\.localhost(?::\d+)?$/i.exec(host)?.[1]?.replace(/^s3$/i, '') || undefined;

/** Throws S3Error for what cannot be a request. */
export function parseRequest(message: IncomingMessage, id: string): S3Request {
  const url = message.url ?? '/';
  const at = url.indexOf('?');
  const rawPath = at < 0 ? url : url.slice(0, at);
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(',') : value);
  }
  const fromHost = hostBucket(headers.get('host') ?? '');
  const path = fromHost ? `/${fromHost}${rawPath}` : rawPath;
  const slash = path.indexOf('/', 1);
  const bucket = decode(path.slice(1, slash < 0 ? undefined : slash));
  const key = slash < 0 ? '' : decode(path.slice(slash + 1));
  if (Buffer.byteLength(key) > 1024) {
    throw new S3Error(400, 'KeyTooLongError', 'Your key is too long', {
      Size: String(Buffer.byteLength(key)),
      MaxSizeAllowed: '1024',
    });
  }
  return {
    method: message.method ?? 'GET',
    query: parseQuery(at < 0 ? '' : url.slice(at + 1)),
    headers,
    rawPath,
    id,
    message,
    ...(bucket !== '' && { bucket }),
    ...(key !== '' && { key }),
  };
}

/** What a handler gives back; the server sends it (or, for a lost answer, does not). */
export interface Answer {
  status: number;
  headers?: Record<string, string | number | undefined>;
  body?: string | AsyncIterable<Buffer>;
  /** Runs when the body has been sent or given up. */
  done?: () => Promise<void>;
}
