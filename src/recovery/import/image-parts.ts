import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { SNAPSHOT_BLOCK } from '../model/snapshots.ts';

/** Source: Amazon S3 user guide, "Amazon S3 multipart upload limits". */
const mostParts = 10_000;
/** Bytes of an object. Source: the same; larger ones are younger than what VM Import documents. */
const mostBytes = 5 * 2 ** 40;
const usualPart = 16 * 2 ** 20;
/** Bytes of parts that are under way together, as long as one part isn't larger than that. */
const together = 64 * 2 ** 20;

export interface ImageParts {
  /** Bytes of each but the last. */
  size: number;
  count: number;
  /** How many are under way at a time. */
  width: number;
}

/**
 * How the raw image of a disk is cut, so that memory doesn't grow with the disk until a ten thousandth of it
 * does. @throws Failure `image-size`
 */
export function imageParts(bytes: number, what: string): ImageParts {
  if (bytes === 0 || bytes > mostBytes)
    throw new Failure(
      given(
        'image-size',
        bytes === 0
          ? `${what} has no bytes`
          : `${what} has ${bytes} bytes, and an object of S3 ${mostBytes} at most`,
        { hint: 'write `method: convert`, which takes no image, or leave the disk out of the protection' },
      ),
    );
  const least = Math.ceil(bytes / mostParts / SNAPSHOT_BLOCK) * SNAPSHOT_BLOCK;
  const size = Math.max(usualPart, least);
  return { size, count: Math.ceil(bytes / size), width: Math.max(1, Math.floor(together / size)) };
}
