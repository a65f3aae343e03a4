import { constants, open } from 'node:fs/promises';
import { fileFailure } from '../errors.ts';

/** Undefined on Windows, where opening a port waits for nobody. */
const { O_WRONLY, O_APPEND, O_NOCTTY = 0, O_NONBLOCK = 0 } = constants;

/**
 * Writes text to what is there under a path: a serial port as `/dev/ttyS0` or `\\.\COM1`. Nothing is made,
 * and a port that nobody drains is not waited for.
 *
 * @throws Failure when it isn't there, or takes nothing
 */
export async function writeDevice(path: string, text: string): Promise<void> {
  try {
    const device = await open(path, O_WRONLY | O_APPEND | O_NOCTTY | O_NONBLOCK);
    try {
      await device.writeFile(text);
    } finally {
      await device.close();
    }
  } catch (error) {
    throw fileFailure(error, 'write', path);
  }
}
