import { errors, S3Error } from '../protocol/errors.ts';
import { child, childrenOf, parseXml, textOf } from '../protocol/xml.ts';
import type { Described } from './model.ts';

const kept = ['cache-control', 'content-disposition', 'content-language', 'expires', 'x-amz-storage-class'];

function parseTagHeader(text: string | undefined): Record<string, string> {
  if (text === undefined) return {};
  const tags = [...new URLSearchParams(text)];
  if (new Set(tags.map(([name]) => name)).size < tags.length) {
    throw errors.invalidArgument(
      'The header x-amz-tagging shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.',
    );
  }
  return Object.fromEntries(tags);
}

/** What the headers of a PUT, CopyObject or CreateMultipartUpload say about the object. */
export function describe(headers: ReadonlyMap<string, string>): Described {
  const out: Record<string, string> = {
    'content-type': headers.get('content-type') ?? 'binary/octet-stream',
    'x-amz-server-side-encryption': headers.get('x-amz-server-side-encryption') ?? 'AES256',
  };
  const kms = headers.get('x-amz-server-side-encryption-aws-kms-key-id');
  if (kms !== undefined) out['x-amz-server-side-encryption-aws-kms-key-id'] = kms;
  for (const name of kept) {
    const value = headers.get(name);
    if (value !== undefined) out[name] = value;
  }
  // aws-chunked is how the body travelled, not what it is.
  const encoding = (headers.get('content-encoding') ?? '')
    .split(',')
    .map(each => each.trim())
    .filter(each => each !== '' && each !== 'aws-chunked');
  if (encoding.length > 0) out['content-encoding'] = encoding.join(',');
  const metadata: Record<string, string> = {};
  let size = 0;
  for (const [name, value] of headers) {
    if (!name.startsWith('x-amz-meta-')) continue;
    metadata[name.slice('x-amz-meta-'.length)] = value;
    size += Buffer.byteLength(name) - 'x-amz-meta-'.length + Buffer.byteLength(value);
  }
  if (size > 2048) {
    throw new S3Error(
      400,
      'MetadataTooLarge',
      'Your metadata headers exceed the maximum allowed metadata size',
      {
        Size: String(size),
        MaxSizeAllowed: '2048',
      },
    );
  }
  return { headers: out, metadata, tags: parseTagHeader(headers.get('x-amz-tagging')) };
}

/** A `<Tagging>` document. Throws S3Error. */
export function parseTagging(text: string): Record<string, string> {
  const document = parseXml(text);
  const set = child(document, 'TagSet');
  if (document?.name !== 'Tagging' || !set) throw errors.malformedXml();
  const tags = childrenOf(set, 'Tag').map(
    tag => [textOf(tag, 'Key') ?? '', textOf(tag, 'Value') ?? ''] as const,
  );
  if (tags.length > 10) throw new S3Error(400, 'BadRequest', 'Object tags cannot be greater than 10');
  if (new Set(tags.map(([name]) => name)).size < tags.length) {
    throw new S3Error(400, 'InvalidTag', 'Cannot provide multiple Tags with the same key');
  }
  return Object.fromEntries(tags);
}
