import { Failure, world } from '../../../diagnostics/diagnostic.ts';
import type { WriteIo } from '../../../engine/model/io.ts';
import type { Id } from '../../../engine/model/resource-type.ts';
import { saveBody } from '../fetch/body.ts';
import { type Known, validatorsOf } from '../fetch/known-content.ts';
import { isS3, shownLocation } from '../fetch/location-property.ts';
import { digestOfFile } from '../paths/digest-file.ts';
import type { Source } from './source.ts';

/** An archive as a file of this host. */
export interface Obtained extends Omit<Known, 'url'> {
  path: Id;
  /** Removes it when it was fetched for this. */
  discard(): Promise<void>;
}

/** The archive itself, or a copy that is fetched to `temporary`; of the checksum that is declared. */
export async function obtain(
  source: Source,
  { checksum, temporary, limit }: { checksum: string | undefined; temporary: Id; limit: number },
  io: WriteIo,
): Promise<Obtained> {
  if ('path' in source) {
    const digest = await digestOfFile(io.files, source.path);
    if (digest === undefined)
      throw new Failure(
        world('archive-missing', `the archive ${source.path} is not there`, {
          hint: 'declare what brings it (`download:` or `file:`), or correct `source:`',
        }),
      );
    if (checksum !== undefined && digest !== checksum)
      throw new Failure(
        world('wrong-checksum', `${source.path} has the checksum ${digest}, and ${checksum} is declared`, {
          hint: 'check where it comes from before you declare the new checksum',
        }),
      );
    return { path: source.path, digest, discard: async () => {} };
  }
  const content = await io.client('content');
  const opened = await content.open(source.location, { signal: io.signal });
  if (opened === 'unchanged') throw new Error('an unconditional request was answered with "unchanged"');
  const discard = () => io.files.remove(temporary);
  try {
    const { digest } = await saveBody(
      opened,
      temporary,
      {
        limit,
        what: shownLocation(source.location),
        mayBePage: isS3(source.location),
        ...(checksum !== undefined && { digest: checksum }),
      },
      io,
    );
    return { path: temporary, digest, ...validatorsOf(opened), discard };
  } catch (error) {
    await discard().catch(() => {}); // the first error is the one to tell
    throw error;
  }
}
