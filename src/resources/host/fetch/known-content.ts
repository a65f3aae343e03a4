import type { Location, Validators } from '../../../content/content.ts';
import type { ReadIo } from '../../../engine/model/io.ts';
import { digestOfBody } from './body.ts';

/** What memory keeps of content that was fetched. */
export interface Known extends Validators {
  url: string;
  /** `sha256:…` of all of it. */
  digest: string;
}

/**
 * Whether the server still has the content that is known: one conditional request. A server that names no
 * versions is read to the end and compared.
 */
export async function isNewest(location: Location, known: Known, io: ReadIo): Promise<boolean> {
  const content = await io.client('content');
  const found = await content.open(location, { known, signal: io.signal });
  if (found === 'unchanged') return true;
  try {
    if (found.etag !== undefined || known.etag !== undefined) return found.etag === known.etag;
    if (found.modified !== undefined || known.modified !== undefined)
      return found.modified === known.modified;
    return (await digestOfBody(found.body)) === known.digest;
  } finally {
    found.close();
  }
}

export const validatorsOf = ({ etag, modified }: Validators): Validators => ({
  ...(etag !== undefined && { etag }),
  ...(modified !== undefined && { modified }),
});
