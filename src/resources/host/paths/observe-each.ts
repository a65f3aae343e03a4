import pLimit from 'p-limit';
import { Failure, together } from '../../../diagnostics/diagnostic.ts';
import type { ReadIo } from '../../../engine/model/io.ts';
import type { Asked, Id, Observation } from '../../../engine/model/resource-type.ts';

/** Objects of this host are looked at one by one: what is wrong with one says nothing of the others. */
export async function observeEach<P, C>(
  asked: Asked<P>[],
  io: ReadIo,
  atOnce: number,
  look: (one: Asked<P>, io: ReadIo) => Promise<Observation<C>>,
): Promise<Map<Id, Observation<C>>> {
  const seen = await pLimit(atOnce).map(asked, async (one): Promise<[Id, Observation<C>]> => {
    try {
      return [one.id, await look(one, io)];
    } catch (error) {
      io.signal.throwIfAborted();
      if (!(error instanceof Failure) || error.diagnostics.length === 0) throw error;
      return [one.id, { state: 'failed', diagnostic: together(error.diagnostics) }];
    }
  });
  return new Map(seen);
}
