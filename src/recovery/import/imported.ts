import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { parseS3Url } from '../../values/s3-url.ts';
import type { ObjectPlace } from '../model/imports.ts';
import type { License } from '../target/billing.ts';

/** Disks that VM Import takes at most. Source: VM Import/Export user guide, "Limitations". */
export const MOST_IMPORTED = 21;

/** How a machine of a run gets its image by VM Import, which alters its disks. */
export interface Imported {
  /** `convert`: of the snapshots of its replica; `raw`: of images of its disks in S3. */
  by: 'convert' | 'raw';
  /** Of Windows. */
  license?: License;
  /** The role that VM Import acts as; `vmimport` when left out. */
  role?: string;
  /** Of `raw`: where the images of its disks are put, `s3://BUCKET/PREFIX`. */
  images?: string;
}

/** What all images of a run have in front: they are the run's, and nothing else is put there. */
export function imagesPlace(
  { images = '' }: Imported,
  repository: string,
  { plan, number }: { plan: string; number: number },
): ObjectPlace {
  const url = parseS3Url(images);
  if (!url)
    throw new Failure(
      given('images-missing', `${images} is no place for images of disks`, {
        hint: 'write `import: { images: s3://BUCKET/PREFIX }` on the recovery_target',
      }),
    );
  const prefix = url.prefix === '' ? '' : `${url.prefix}/`;
  return { bucket: url.bucket, key: `${prefix}${repository.slice(0, 8)}-${plan}-${number}/` };
}

/** The image of one disk of one point. */
export const imagePlace = (
  { bucket, key }: ObjectPlace,
  { uuid, point }: { uuid: string; point: string },
  disk: number,
): ObjectPlace => ({ bucket, key: `${key}${uuid}/${point}-disk-${disk}.raw` });
