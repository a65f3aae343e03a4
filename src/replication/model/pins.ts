import { blocked, Failure } from '../../diagnostics/diagnostic.ts';
import type { Repository } from './repository.ts';

/** A point that somebody needs: whatever removes points, or what was made of them, leaves it. */
export interface Pin {
  /** Who needs it: `web/3`, run 3 of the plan web. */
  holder: string;
  /** UUID of the VM, and id of the point. */
  vm: string;
  point: string;
  /** Since when, milliseconds since the epoch. */
  at: number;
}

interface PinRecord {
  version: 1;
  pins: Pin[];
}

/** Subject and series of the records, each of which holds all pins in force since it was written. */
const SUBJECT = 'pins';
const SERIES = 'pins';
/** Changes that others may make between a look and a write before this is given up. */
const mostRaces = 20;

async function newest({ records }: Repository): Promise<{ number: number; pins: Pin[] }> {
  const number = (await records.numbers(SUBJECT, SERIES)).at(-1) ?? 0;
  if (number === 0) return { number, pins: [] };
  return { number, pins: ((await records.read(SUBJECT, SERIES, number)) as PinRecord).pins };
}

/** All points of a repository that must not be removed: asked by everything that removes some. */
export const pinned = async (repository: Repository): Promise<Pin[]> => (await newest(repository)).pins;

/** Of two who change them at once, one after the other. Nothing is written when nothing changes. */
async function change(repository: Repository, to: (pins: Pin[]) => Pin[]): Promise<void> {
  for (let race = 0; race < mostRaces; race++) {
    const { number, pins } = await newest(repository);
    const next = to(pins);
    if (next.length === pins.length && next.every((pin, n) => pin === pins[n])) return;
    const record: PinRecord = { version: 1, pins: next };
    if (await repository.records.add(SUBJECT, SERIES, number + 1, record)) return;
  }
  throw new Failure(
    blocked('pins-changed', `others keep changing the pins of ${repository.store.url}`, {
      hint: 'run again',
    }),
  );
}

/** Pins points for a holder, beside those that it has already. */
export const pin = (
  repository: Repository,
  holder: string,
  points: readonly { vm: string; point: string }[],
  at: number,
): Promise<void> =>
  change(repository, pins => [
    ...pins,
    ...points
      .filter(one => !pins.some(has => has.holder === holder && has.vm === one.vm && has.point === one.point))
      .map(({ vm, point }) => ({ holder, vm, point, at })),
  ]);

/** Lifts all pins of a holder. */
export const lift = (repository: Repository, holder: string): Promise<void> =>
  change(repository, pins => pins.filter(one => one.holder !== holder));
