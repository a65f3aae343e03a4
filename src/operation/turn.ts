/** Whose cycle a slot goes to. */
export type Lane = 'first' | 'usual';

/** Somewhere cycles get in each other's way, and how many of them at most. */
export interface Place {
  name: string;
  most: number;
}

/** A VM that is due. */
export interface Candidate {
  /** A first copy reads the whole VM, which may take hours. */
  lane: Lane;
  /** When its RPO is breached, ms since the epoch. */
  deadline: number;
  places: readonly Place[];
}

/** Slots that first copies may have: a quarter, and one where that is less. */
export const firstSlots = (slots: number): number => Math.max(1, Math.floor(slots / 4));

/**
 * Who begins next: the earliest deadline of those whose lane and places have room; undefined when nobody may.
 * No first copy takes the only slot from a VM that only has to be brought up to date.
 */
export function nextOf<T extends Candidate>(
  waiting: readonly T[],
  running: readonly Candidate[],
  slots: number,
): T | undefined {
  if (running.length >= slots) return undefined;
  const firsts = running.filter(({ lane }) => lane === 'first').length;
  const usualWaits = waiting.some(({ lane }) => lane === 'usual');
  const mayBegin = ({ lane, places }: Candidate) =>
    (lane === 'usual' || (firsts < firstSlots(slots) && (slots > 1 || !usualWaits))) &&
    places.every(({ name, most }) => held(running, name) < most);
  return waiting
    .filter(mayBegin)
    .reduce<T | undefined>((best, one) => (best && best.deadline <= one.deadline ? best : one), undefined);
}

const held = (running: readonly Candidate[], name: string): number =>
  running.filter(({ places }) => places.some(place => place.name === name)).length;

/**
 * Runs all of them, as `nextOf` says, and resolves when the last has ended. Nothing begins once `signal` is
 * aborted. `run` doesn't reject.
 */
export async function runAll<T extends Candidate>(
  candidates: readonly T[],
  slots: number,
  signal: AbortSignal,
  run: (candidate: T) => Promise<void>,
): Promise<void> {
  const waiting = [...candidates];
  const running = new Map<T, Promise<void>>();
  for (;;) {
    const next = signal.aborted ? undefined : nextOf(waiting, [...running.keys()], slots);
    if (next) {
      waiting.splice(waiting.indexOf(next), 1);
      running.set(
        next,
        run(next).finally(() => running.delete(next)),
      );
    } else if (running.size > 0) await Promise.race(running.values());
    else return;
  }
}
