import { type Candidate, Dispatch, type Lane, type Place } from './dispatch.ts';

/** A VM that an agent looks after. */
export interface Duty {
  id: string;
  /** When it is due by its newest point and when its RPO is breached; undefined: it has none. */
  next(newest: number | undefined, now: number): Pick<Candidate, 'ready' | 'deadline'>;
  places: readonly Place[];
  /** When what it was moved into could be read again that couldn't: failures before say nothing of now. */
  back?: number;
}

/** What came of a VM that was taken. */
export type Outcome =
  /** A point of that moment; `long`: the next cycle will read everything again. */
  | { result: 'made'; newest: number; long: boolean }
  /** Somebody else has made a point of that moment, or its window has closed. */
  | { result: 'seen'; newest: number | undefined }
  /** Somebody else moves it. */
  | { result: 'busy' }
  | { result: 'paused' }
  /** `why`: the same for all that fail for the same reason. */
  | { result: 'failed'; why?: string }
  /** It turned out to be a long cycle, for which there was no room. */
  | { result: 'put-back' }
  /** Nobody has come to it, so that it is as due as before; ms until it is offered again. */
  | { result: 'untouched'; after: number };

/** A VM as an agent remembers it. */
interface Known {
  duty: Duty;
  newest: number | undefined;
  lane: Lane;
  failures: number;
  /** When it was taken last, ms since the epoch. */
  taken?: number;
  /** The last of them, if it was no other result since; what its cycle met may be as old as its begin. */
  failed?: { began: number; why: string | undefined };
  /** Whether the last point was made here, as far as anybody can tell. */
  own: boolean;
}

/** How long a VM is left alone that somebody else is at, ms: its lease may be that of a dead one. */
export const busyPause = 30_000;
/** The same of one that is paused. */
const pausedPause = 60_000;
/** After a failure, doubled by each further one, ms. */
const failurePause = 60_000;
const longestFailurePause = 15 * 60_000;
/** How long after others an agent comes to a VM that another one moves, ms. */
const standbyPause = 2 * 60_000;

/**
 * What an agent does next, as data that a clock is put to: which VMs it looks after, what it knows of each,
 * and whose turn it is. Nothing in it waits or asks anybody.
 */
export class Agenda {
  readonly #dispatch: Dispatch;
  readonly #known = new Map<string, Known>();
  readonly #gone = new Set<string>();

  constructor(slots: number) {
    this.#dispatch = new Dispatch(slots);
  }

  get running(): number {
    return this.#dispatch.running;
  }

  /** How many cycles at once from now on; Infinity: whoever moves has limits of its own. */
  set slots(slots: number) {
    this.#dispatch.slots = slots;
  }

  /** What is known of a VM that is looked after: whose turn it is, and until when. */
  laneOf(id: string): Lane | undefined {
    return this.#known.get(id)?.lane;
  }

  get size(): number {
    return this.#known.size;
  }

  /**
   * Takes up what is to be looked after from now on. What is known of a VM's points stays, unless `newest`
   * knows better.
   */
  sync(duties: readonly Duty[], newest: ReadonlyMap<string, number | undefined>, now: number): void {
    const ids = new Set(duties.map(({ id }) => id));
    for (const id of this.#known.keys()) if (!ids.has(id)) this.#forget(id);
    for (const duty of duties) {
      const { id } = duty;
      this.#gone.delete(id);
      const before = this.#known.get(id);
      const known: Known = before ?? { duty, newest: undefined, lane: 'long', failures: 0, own: true };
      known.duty = duty;
      const seen = newest.get(id);
      const isNews = seen !== undefined && seen > (known.newest ?? Number.NEGATIVE_INFINITY);
      if (isNews) {
        known.newest = seen;
        known.lane = 'usual';
      }
      this.#known.set(id, known);
      const { back = Number.POSITIVE_INFINITY } = duty;
      if (known.failed && back >= known.failed.began && back <= now) this.#forgive(id, known);
      const until = this.#putOffUntil.get(id);
      if (until === undefined) this.#schedule(id, known, now);
      // A clock that was put right meanwhile is believed here, too: no pause is longer than that.
      else this.#putOff(id, known, Math.min(Math.max(until, now), now + longestFailurePause));
    }
  }

  /** Takes a slot for the VM that goes next; undefined: none may by now. */
  take(now: number): string | undefined {
    const id = this.#dispatch.take(now);
    if (id === undefined) return undefined;
    this.#putOffUntil.delete(id);
    const known = this.#known.get(id);
    if (known) known.taken = now;
    return id;
  }

  /** See `Dispatch.becomeLong`. */
  becomeLong(id: string): boolean {
    return this.#dispatch.becomeLong(id);
  }

  ended(id: string, outcome: Outcome, now: number): void {
    this.#dispatch.end(id);
    const known = this.#known.get(id);
    if (!known) return;
    if (this.#gone.has(id)) {
      this.#forget(id);
      return;
    }
    if (outcome.result === 'failed') {
      known.failures++;
      known.failed = { began: known.taken ?? now, why: outcome.why };
    } else if (outcome.result !== 'untouched') {
      const { failed } = known;
      this.#forgive(id, known);
      // What kept it from being moved keeps nobody any more: the others needn't wait to find that out.
      if (failed?.why !== undefined && outcome.result === 'made') this.#forgiveAll(failed.why, now);
    }
    const pause = pauseAfter(outcome, known);
    if (outcome.result === 'put-back') known.lane = 'long';
    if (outcome.result === 'busy') known.own = false;
    if (outcome.result === 'seen' && outcome.newest !== known.newest) {
      Object.assign(known, { newest: outcome.newest, own: false });
      if (outcome.newest !== undefined) known.lane = 'usual';
    }
    if (outcome.result === 'made')
      Object.assign(known, { newest: outcome.newest, lane: outcome.long ? 'long' : 'usual', own: true });
    if (pause === undefined) this.#schedule(id, known, now);
    else this.#putOff(id, known, now + pause);
  }

  /** Looks after a VM no longer; a cycle of it that runs goes on. */
  forget(id: string): void {
    this.#forget(id);
  }

  /** When the next VM gets ready by what is known; undefined: none. */
  nextReady(): number | undefined {
    return this.#dispatch.nextReady();
  }

  /** Ids of VMs that are ready and wait for a slot, their lane or a place. */
  waiting(): string[] {
    return this.#dispatch.waiting();
  }

  /** Those whose time isn't given by their newest point for now, and until when, ms since the epoch. */
  readonly #putOffUntil = new Map<string, number>();

  #forgiveAll(why: string, now: number): void {
    for (const [id, known] of this.#known) {
      if (known.failed?.why !== why || this.#dispatch.isRunning(id)) continue;
      this.#forgive(id, known);
      this.#schedule(id, known, now);
    }
  }

  #forgive(id: string, known: Known): void {
    known.failures = 0;
    if (known.failed) this.#putOffUntil.delete(id);
    delete known.failed;
  }

  #schedule(id: string, { duty, newest, lane, own }: Known, now: number): void {
    const { ready, deadline } = duty.next(newest, now);
    if (!Number.isFinite(ready)) {
      this.#dispatch.remove(id);
      return;
    }
    // One that another agent moves is only looked at when that one is late.
    const later = own ? 0 : Math.max(0, Math.min(standbyPause, (deadline - ready) / 2));
    this.#dispatch.set(id, { lane, ready: ready + later, deadline, places: duty.places });
  }

  #putOff(id: string, { duty, newest, lane }: Known, until: number): void {
    const { ready, deadline } = duty.next(newest, until);
    this.#putOffUntil.set(id, until);
    this.#dispatch.set(id, { lane, ready: Math.max(ready, until), deadline, places: duty.places });
  }

  #forget(id: string): void {
    this.#dispatch.remove(id);
    this.#gone.add(id);
    this.#putOffUntil.delete(id);
    if (!this.#dispatch.isRunning(id)) {
      this.#known.delete(id);
      this.#gone.delete(id);
    }
  }
}

/** How long a VM is left alone, ms; undefined: until its schedule says so. */
function pauseAfter(outcome: Outcome, { failures, newest }: Known): number | undefined {
  switch (outcome.result) {
    case 'made':
      return undefined;
    case 'seen':
      // Without news it would be looked at again at once, and for ever.
      return outcome.newest === newest ? busyPause : undefined;
    case 'busy':
      return busyPause;
    case 'paused':
      return pausedPause;
    case 'failed':
      return Math.min(failurePause * 2 ** Math.min(failures - 1, 10), longestFailurePause);
    case 'put-back':
      return 0;
    case 'untouched':
      return outcome.after;
  }
}
