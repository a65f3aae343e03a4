import { underEither } from './either.ts';
import type { Clock, Random } from './ports.ts';
import { type Timer, timer } from './until.ts';

/**
 * When something is done again, as plain data: so often, for so long, or until either is over; with pauses,
 * or at once. Milliseconds.
 */
export type RetryPolicy = Paused | AtOnce;

interface AtOnce {
  /** How often it is done at most, the first time included. */
  attempts: number;
}

type Paused = ((AtOnce & Partial<ForTime>) | ForTime) & {
  /** Before the second attempt. */
  first: number;
  /** What each further pause is multiplied by; default 2. */
  growth?: number;
  /** Longest pause. */
  cap?: number;
};

interface ForTime {
  /** Counted from the first attempt; the last one begins after that time at the earliest. */
  atMost: number;
}

export interface Retrying<T> {
  clock?: Clock;
  /**
   * With it a pause is anywhere between nothing and what the policy says, for many that failed at one moment.
   */
  random?: Random;
  /** Ends it, with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Ends the waiting of what nobody asks for any more: what came of the last attempt is the end of it. */
  closed?: AbortSignal | undefined;
  /** Whether another attempt may do better after an error; default: never. Asked after each. */
  mayPass?: (error: unknown) => boolean;
  /** Whether a value isn't what is waited for; the last one is given back all the same. */
  isNotYet?: (value: T) => boolean;
  /** Before each pause. */
  onPause?: () => void;
  /** Of what is tried for long. */
  long?: Waits | undefined;
}

/**
 * Does `work` again while it fails in a way that may pass, or while its value is not yet the one that is
 * wanted. `work` is given the number of the attempt, from 1, for whoever counts. What waits for a state and
 * gives up with an error is `until`; what else of `src` waits is listed, with why, in tools/layers/waits.ts.
 *
 * Gives the last value. Rejects with the last error as it is, or with the signal's reason.
 */
export function retry<T>(
  policy: Paused,
  options: Retrying<T> & { clock: Clock },
  work: (attempt: number) => Promise<T>,
): Promise<T>;
export function retry<T>(
  policy: AtOnce,
  options: Retrying<T>,
  work: (attempt: number) => Promise<T>,
): Promise<T>;
export async function retry<T>(
  policy: RetryPolicy,
  options: Retrying<T>,
  work: (attempt: number) => Promise<T>,
): Promise<T> {
  const { clock, signal, mayPass, isNotYet, onPause, long } = options;
  let failedSince: number | undefined;
  const { attempts = Infinity, atMost = Infinity } = policy as Partial<AtOnce & ForTime>;
  const time = clock && timer(clock, atMost);
  const isSpent = (attempt: number) => attempt >= attempts || (time !== undefined && time.left() <= 0);
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    const outcome = await settled(() => work(attempt));
    if (outcome.failed) signal?.throwIfAborted();
    const again = outcome.failed ? mayPass?.(outcome.error) : isNotYet?.(outcome.value);
    if (!outcome.failed) long?.cameThrough();
    if (!again || isSpent(attempt)) return unwrapped(outcome);
    if (!('first' in policy)) continue;
    onPause?.();
    if (outcome.failed && long) {
      failedSince ??= clock!.now();
      long.waits(outcome.error, failedSince);
    }
    if (!(await pause(pauseAfter(attempt, policy, options.random), time!, options)))
      return unwrapped(outcome);
  }
}

type Outcome<T> = { failed: false; value: T } | { failed: true; error: unknown };

async function settled<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { failed: false, value: await work() };
  } catch (error) {
    return { failed: true, error };
  }
}

function unwrapped<T>(outcome: Outcome<T>): T {
  if (outcome.failed) throw outcome.error;
  return outcome.value;
}

function pauseAfter(attempt: number, { first, growth = 2, cap = Infinity }: Paused, random?: Random): number {
  const longest = Math.min(cap, first * growth ** (attempt - 1));
  return random ? Math.ceil((random.bytes(4).readUInt32BE() / 2 ** 32) * longest) : longest;
}

/** False when it was closed meanwhile. */
async function pause(
  ms: number,
  time: Timer,
  { signal, closed }: Pick<Retrying<unknown>, 'signal' | 'closed'>,
): Promise<boolean> {
  try {
    await underEither([signal, closed], either => time.sleep(ms, either));
    return true;
  } catch (reason) {
    if (closed?.aborted && !signal?.aborted) return false;
    throw reason;
  }
}

/** Hears of what is tried for long, so that somebody may be told. */
export interface Waits {
  /** Before each pause. @param since ms, when it failed first */
  waits(error: unknown, since: number): void;
  /** It came through, whether it had to be tried again or not. */
  cameThrough(): void;
}

/**
 * How long a call is tried again. `quick`: a few times within `quickTime`, for what somebody waits for.
 * `bulk`: for `bulkTime`, for the reads and writes of a long copy, which an outage of minutes must not undo.
 * `polite`: like quick, but for `bulkTime` while the other side is there and only asks for fewer calls.
 */
export type Patience = 'quick' | 'bulk' | 'polite';

/**
 * Milliseconds after which the quick patience begins no further attempt: what accepts a call and never
 * answers takes as long for each as a call may be silent.
 */
export const quickTime = 60_000;

/** Milliseconds after which the bulk patience is over; counted from the first attempt. */
export const bulkTime = 10 * 60_000;

/** Longest pause between two attempts at something over the network, ms. */
export const longestDelay = 30_000;
