import { blocked } from '../../diagnostics/diagnostic.ts';
import { takeLock } from '../../io/locks/lock.ts';
import type { Host } from '../../io/ports.ts';

/** The folder of the claims on an image. Its parent has to be there, else it would be made. */
export const lockPath = (image: string): string => `${image}.converge.lock`;

/**
 * Runs `work` while nobody else updates or removes the image.
 *
 * @throws Failure `image-locked` (blocked) naming the holder
 */
export async function whileLocked<T>(
  image: string,
  host: Pick<Host, 'clock' | 'files' | 'random'>,
  work: () => Promise<T>,
): Promise<T> {
  const lock = await takeLock(lockPath(image), {
    host,
    timeout: 0,
    refused: holder =>
      blocked('image-locked', `${image} is being updated by ${holder}`, { hint: 'wait for it to end' }),
  });
  try {
    return await work();
  } finally {
    await lock.release();
  }
}
