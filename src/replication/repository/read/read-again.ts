import { failedWith } from '../../../diagnostics/diagnostic.ts';

/**
 * What `read` gives; once more where that is damaged: a line or a cache on the way may have altered it.
 * Damaged twice is damaged. `forget`: drops what is kept of the object, so that the second reading is one.
 */
export async function readAgain<T>(read: () => Promise<T>, forget: () => void = () => {}): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!failedWith(error, 'damaged-object')) throw error;
    forget();
    return read();
  }
}
