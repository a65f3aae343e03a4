import { Failure, world } from '../../../diagnostics/diagnostic.ts';
import { own } from '../../../diagnostics/own-words.ts';

/**
 * Makes something of a snapshot of the replica. Somebody may have removed it since the test began, whose
 * record names it.
 *
 * @throws Failure `snapshot-gone`
 */
export async function ofSnapshots<T>(what: string, make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    const { name, message } = error as Error;
    if (name !== 'InvalidSnapshot.NotFound') throw error;
    throw new Failure(
      world('replica-snapshot-gone', own`${what} needs a snapshot that is gone: ${message}`, {
        hint: 'remove this test with `converge failover cleanup`, and begin another: it makes what is missing',
      }),
      { cause: error },
    );
  }
}
