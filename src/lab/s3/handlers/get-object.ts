import type { FileHandle } from 'node:fs/promises';
import { readCondition } from '../objects/conditions.ts';
import { lockHeaders } from '../objects/lock.ts';
import type { Blob, ObjectVersion } from '../objects/model.ts';
import type { Storage } from '../objects/storage.ts';
import { findVersion, versionHeader } from '../objects/versions.ts';
import { errors, S3Error } from '../protocol/errors.ts';
import type { Answer } from '../protocol/request.ts';
import { bucketOf, type Call, type Handler, keyOf } from './call.ts';
import { checksumHeaders } from './put-object.ts';

/** Half-open, bytes. */
interface Range {
  start: number;
  end: number;
}

const pieceSize = 256 * 1024;

/** One range of RFC 9110; anything else S3 ignores. Throws InvalidRange when it begins beyond the end. */
export function parseRange(header: string | undefined, size: number): Range | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  if (start < size && (first !== '' || Number(last) > 0)) return { start, end };
  throw new S3Error(
    416,
    'InvalidRange',
    'The requested range is not satisfiable',
    { RangeRequested: header ?? '', ActualObjectSize: String(size) },
    { 'content-range': `bytes */${size}` },
  );
}

function partRange(version: ObjectVersion, text: string): Range {
  const number = Number(text);
  const parts = version.parts ?? [version.size];
  if (!Number.isInteger(number) || number < 1) {
    throw errors.invalidArgument(
      'Part number must be an integer between 1 and 10000, inclusive',
      'partNumber',
      text,
    );
  }
  if (number > parts.length) {
    throw new S3Error(416, 'InvalidPartNumber', 'The requested partnumber is not satisfiable');
  }
  const start = parts.slice(0, number - 1).reduce((sum, size) => sum + size, 0);
  return { start, end: start + (parts[number - 1] ?? 0) };
}

/**
 * The bytes of a range over several blobs. All of them are opened before the answer begins, so that
 * an overwrite in the middle of a read doesn't take them away.
 */
export async function openContent(storage: Storage, blobs: Blob[], range: Range) {
  const pieces: { file: FileHandle; start: number; end: number }[] = [];
  const close = async () => {
    for (const { file } of pieces) await file.close();
  };
  let offset = 0;
  try {
    for (const blob of blobs) {
      const start = Math.max(range.start - offset, 0);
      const end = Math.min(range.end - offset, blob.size);
      if (start < end) pieces.push({ file: await storage.openBlob(blob), start, end });
      offset += blob.size;
    }
  } catch (error) {
    await close();
    throw error;
  }
  async function* read(): AsyncGenerator<Buffer> {
    for (const { file, start, end } of pieces) {
      for (let at = start; at < end; ) {
        const buffer = Buffer.allocUnsafe(Math.min(pieceSize, end - at));
        const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
        if (bytesRead === 0) throw new Error('A blob is shorter than its record says.');
        at += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    }
  }
  return { read, close };
}

function overrides(call: Call): Record<string, string> {
  const out: Record<string, string> = {};
  for (const name of [
    'content-type',
    'content-language',
    'expires',
    'cache-control',
    'content-disposition',
    'content-encoding',
  ]) {
    const value = call.request.query.get(`response-${name}`);
    if (value !== undefined) out[name] = value;
  }
  return out;
}

function select(call: Call): { version: ObjectVersion; range: Range; answer: Answer } {
  const { request } = call;
  const bucket = bucketOf(call);
  const version = findVersion(bucket, keyOf(call), request.query.get('versionId'));
  readCondition(request.headers, version);
  const part = request.query.get('partNumber');
  const asked =
    part === undefined ? parseRange(request.headers.get('range'), version.size) : partRange(version, part);
  const range = asked ?? { start: 0, end: version.size };
  const tags = Object.keys(version.tags).length;
  // A composite checksum says nothing about a part of the object, and S3 sends none with a range.
  const checksum = request.headers.get('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED' && !asked;
  return {
    version,
    range,
    answer: {
      status: asked ? 206 : 200,
      headers: {
        ...version.headers,
        ...overrides(call),
        ...Object.fromEntries(
          Object.entries(version.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]),
        ),
        'accept-ranges': 'bytes',
        'last-modified': new Date(version.modified).toUTCString(),
        etag: `"${version.etag}"`,
        'content-length': range.end - range.start,
        'content-range': asked && `bytes ${range.start}-${range.end - 1}/${version.size}`,
        'x-amz-tagging-count': tags > 0 ? tags : undefined,
        'x-amz-mp-parts-count': part !== undefined ? version.parts?.length : undefined,
        ...versionHeader(bucket, version),
        ...(call.mayKnowLock(bucket.record.name, keyOf(call)) && lockHeaders(version.retention)),
        ...(checksum && checksumHeaders(version.checksum)),
      },
    },
  };
}

export const headObject: Handler = async call => select(call).answer;

export const getObject: Handler = async call => {
  const { version, range, answer } = select(call);
  const content = await openContent(call.storage, version.blobs, range);
  return { ...answer, body: content.read(), done: content.close };
};
