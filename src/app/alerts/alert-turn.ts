import { isKeptInLab } from '../../alerts/lab-receivers.ts';
import { type Diagnostic, Failure, failedWith } from '../../diagnostics/diagnostic.ts';
import {
  advance,
  claim,
  delivered,
  deliveries,
  type Judgement,
  over,
  rejoined,
  succeeded,
  unclaimed,
  without,
} from '../../operation/alerts/lifecycle.ts';
import {
  type Alert,
  type AlertState,
  type Condition,
  type Delivery,
  noAlerts,
  type RoutePolicy,
} from '../../operation/alerts/model.ts';
import {
  conditionsOfRoutes,
  eased,
  isDigestDue,
  mayTry,
  type Tried,
  withTroubles,
} from '../../operation/alerts/troubles.ts';
import type { BoardStore } from '../../replication/model/repository.ts';
import { ALERTS, keepAlerts } from './noted-alerts.ts';

/** What a turn came to. */
export interface Turned {
  /** What kept each route that was tried from delivering; nothing where it delivers. */
  tried: ReadonlyMap<string, Diagnostic[]>;
  /** As it was when the turn began to tell. */
  state: AlertState;
}

/** Where it is kept what was told. */
export interface Keeper {
  /** Changes it, one after the other whoever does so; nothing is written when nothing changes. */
  change(to: (state: AlertState) => AlertState): Promise<AlertState>;
  /** Writes down alerts that are over; gives those that nobody has to keep any longer. */
  keep(alerts: readonly Alert[]): Promise<readonly Alert[]>;
}

const mostRaces = 10;
/** Alerts that wait for a repository to be written down in; the oldest of more are lost. */
const mostWaiting = 1_000;
/** That are written down in one turn. */
const mostAtOnce = 100;

/** What is known here of what a repository keeps. */
export interface KnownHere {
  /** As it was last seen there. */
  seen: AlertState;
  /** What became of that here, while the repository was away. */
  own?: AlertState;
}

/** Where that is kept for those that come after this process. */
export interface Aside {
  get(): KnownHere | undefined;
  set(known: KnownHere): Promise<void>;
}

const keptByNobody: Aside = { get: () => undefined, set: async () => {} };

/**
 * Keeps it in a repository, which all movers see; while that can't be reached, here, from where it was last
 * seen: then several may tell the same, under the same key.
 *
 * @param trouble what keeps it from being reached, or from being kept aside: nobody is silent for that
 */
export function keeperOf(
  board: () => BoardStore | undefined | Promise<BoardStore | undefined>,
  trouble: (failure: Failure) => void,
  aside: Aside = keptByNobody,
): Keeper {
  let known: KnownHere | undefined;
  const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      trouble(error);
      return undefined;
    }
  };
  return {
    async change(to) {
      const { seen, own } = known ?? aside.get() ?? { seen: noAlerts };
      const found = await attempt(async () => {
        const notes = await board();
        return notes && changeNote(notes, stored => to(own ? rejoined(stored, seen, own) : stored));
      });
      const next: KnownHere = found ? { seen: found } : { seen, own: to(own ?? seen) };
      known = next;
      await attempt(() => aside.set(next));
      return found ?? next.own!;
    },
    async keep(alerts) {
      const waiting = alerts.slice(0, -mostWaiting);
      const some = alerts.slice(0, mostAtOnce);
      // It was away a moment ago.
      if (known?.own) return waiting;
      const isKept = await attempt(async () => {
        const notes = await board();
        if (notes) await keepAlerts(notes, some);
        return true;
      });
      return isKept ? some : waiting;
    },
  };
}

async function changeNote(notes: BoardStore, to: (state: AlertState) => AlertState): Promise<AlertState> {
  let after = noAlerts;
  for (let race = 0; race < mostRaces; race++) {
    const found = await noteIn(notes);
    const before = (found?.value as AlertState | undefined) ?? noAlerts;
    after = to(before);
    if (JSON.stringify(after) === JSON.stringify(before)) return after;
    if ((await notes.write(ALERTS, after, found?.etag)) !== undefined) return after;
  }
  // Others write all the time: the next turn notes it, and by what was read last nothing is told twice.
  return after;
}

/** What was told can't be known of a damaged one: it is told once more, and written over it. */
async function noteIn(notes: BoardStore): Promise<{ value?: unknown; etag: string } | undefined> {
  const found = await readable(notes);
  if (found !== 'damaged') return found;
  // Read once more after its etag: what is written over is what was seen to be damaged.
  const etag = await notes.etag(ALERTS);
  const again = await readable(notes);
  if (again !== 'damaged') return again;
  return etag === undefined ? undefined : { etag };
}

async function readable(
  notes: BoardStore,
): Promise<{ value?: unknown; etag: string } | 'damaged' | undefined> {
  try {
    return await notes.read(ALERTS);
  } catch (error) {
    if (!failedWith(error, 'damaged-object')) throw error;
    return 'damaged';
  }
}

export interface AlertTurn {
  keeper: Keeper;
  conditions: readonly Condition[];
  policies: readonly RoutePolicy[];
  judgement?: Judgement;
  now: number;
  /** Who claims what is about to be told. */
  by: string;
  /** Whose place that one has taken. */
  before?: string | undefined;
  /** Gives what kept some from hearing it; rejects with a Failure when nobody could. */
  tell(delivery: Delivery): Promise<Diagnostic[]>;
  /** Sends the digest of the day, likewise. */
  digest(route: string, state: AlertState): Promise<Diagnostic[]>;
}

/**
 * One look of a mover at what is open: what is to be told is claimed, told, and noted. Others stand in for
 * whoever dies in between when the claim has run out.
 *
 * A route that fails is left alone for the rest of the turn, so that one that hangs takes the time of one
 * message, however many it is owed.
 */
export async function alertTurn(turn: AlertTurn): Promise<Turned> {
  const { keeper, conditions, policies, now, by, before: predecessor } = turn;
  let wanted: Delivery[] = [];
  /** Routes that want the digest, and when they got their last. */
  let digests: [route: string, last: number][] = [];
  const claimed = await keeper.change(before => {
    const taken = predecessor === undefined ? before : succeeded(before, predecessor, by);
    const known = eased(taken, policies, now);
    const open = advance(known, [...conditions, ...conditionsOfRoutes(known)], now, by, turn.judgement);
    wanted = deliveries(open, policies, now);
    digests = policies.flatMap(one =>
      isDigestDue(open, one, now) && mayTry(open, one.route, now)
        ? [[one.route, open.digests[one.route]!] as [string, number]]
        : [],
    );
    const begun = policies.filter(one => one.digestAfter && open.digests[one.route] === undefined);
    const sent = [...digests.map(([route]) => route), ...begun.map(({ route }) => route)];
    return withDigests(
      claim(open, wanted, by, now),
      sent.map(route => [route, now]),
    );
  });
  const tried = new Map<string, Diagnostic[]>();
  const noted = new Map<string, Tried>();
  const attempt = async (route: string, send: () => Promise<Diagnostic[]>): Promise<boolean> => {
    const note = (found: Diagnostic[], partly: boolean) => {
      tried.set(route, found);
      const text = found[0]?.message ?? 'it does not deliver';
      // What stays in a lab is as it should be.
      noted.set(route, found.every(isKeptInLab) ? undefined : { text, ...(partly && { partly }) });
    };
    try {
      const partly = await send();
      if (partly.length > 0) note(partly, true);
      else if (!noted.get(route)) {
        noted.set(route, undefined);
        tried.set(route, []);
      }
      return true;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      note(error.diagnostics, false);
      return false;
    }
  };
  const results: { delivery: Delivery; ok: boolean }[] = [];
  const untried: Delivery[] = [];
  const unsent: typeof digests = [];
  const tellRoute = async (route: string): Promise<void> => {
    let delivers = true;
    for (const delivery of wanted.filter(one => one.route === route)) {
      if (!delivers) {
        untried.push(delivery);
        continue;
      }
      delivers = await attempt(route, () => turn.tell(delivery));
      results.push({ delivery, ok: delivers });
    }
    const digest = digests.find(([its]) => its === route);
    if (digest && !(delivers && (await attempt(route, () => turn.digest(route, claimed)))))
      unsent.push(digest);
  };
  // Routes don't wait for each other; what one is told stays in order.
  const routes = new Set([...wanted.map(({ route }) => route), ...digests.map(([route]) => route)]);
  await Promise.all([...routes].map(tellRoute));
  const after = await keeper.change(before => {
    const told = results.reduce((state, { delivery, ok }) => delivered(state, delivery, ok, now), before);
    const open = withDigests(unclaimed(told, untried), unsent);
    return withTroubles(open, noted, now);
  });
  // One that is over goes when it is written down: the history has it in any case.
  const ended = over(after, policies);
  if (ended.length > 0) {
    const kept = await keeper.keep(ended);
    if (kept.length > 0) await keeper.change(before => without(before, kept));
  }
  return { tried, state: claimed };
}

const withDigests = (
  state: AlertState,
  sent: readonly (readonly [route: string, at: number])[],
): AlertState =>
  sent.length === 0 ? state : { ...state, digests: { ...state.digests, ...Object.fromEntries(sent) } };
