import { type Diagnostic, Failure } from '../../diagnostics/diagnostic.ts';
import {
  advance,
  claim,
  delivered,
  deliveries,
  rejoined,
  settled,
} from '../../operation/alerts/lifecycle.ts';
import {
  type AlertState,
  type Condition,
  type Delivery,
  noAlerts,
  type RoutePolicy,
} from '../../operation/alerts/model.ts';
import type { OpenAlert } from '../../operation/model.ts';
import type { BoardStore } from '../../replication/model/repository.ts';

/** Where it is kept what was told. */
export interface Keeper {
  /** Changes it, one after the other whoever does so; nothing is written when nothing changes. */
  change(to: (state: AlertState) => AlertState): Promise<AlertState>;
}

const NOTE = 'alerts';
const mostRaces = 10;

/**
 * Keeps it in a repository, which all movers see; while that can't be reached, in this process, from where it
 * was last seen: then several may tell the same, under the same key.
 */
export function keeperOf(board: () => BoardStore | undefined, trouble: (failure: Failure) => void): Keeper {
  let last = noAlerts;
  /** As it was last seen there, since when it is kept here. */
  let base: AlertState | undefined;
  return {
    async change(to) {
      try {
        const notes = board();
        if (notes) {
          const own = last;
          last = await changeNote(notes, stored => to(base ? rejoined(stored, base, own) : stored));
          base = undefined;
          return last;
        }
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        trouble(error);
      }
      base ??= last;
      last = to(last);
      return last;
    },
  };
}

/** What the note in a repository knows that isn't over, the oldest first. */
export async function openAlertsIn(board: BoardStore): Promise<OpenAlert[]> {
  const found = (await board.read(NOTE))?.value as AlertState | undefined;
  return (found?.alerts ?? [])
    .filter(({ ended }) => ended === undefined)
    .map(({ rule, severity, subjects, text, since }) => ({ rule, severity, subjects, text, since }))
    .sort((a, b) => a.since - b.since);
}

async function changeNote(notes: BoardStore, to: (state: AlertState) => AlertState): Promise<AlertState> {
  for (let race = 0; race < mostRaces; race++) {
    const found = await notes.read(NOTE);
    const before = (found?.value as AlertState | undefined) ?? noAlerts;
    const after = to(before);
    if (JSON.stringify(after) === JSON.stringify(before)) return after;
    if ((await notes.write(NOTE, after, found?.etag)) !== undefined) return after;
  }
  return to(noAlerts);
}

export interface AlertTurn {
  keeper: Keeper;
  conditions: readonly Condition[];
  policies: readonly RoutePolicy[];
  now: number;
  /** Who claims what is about to be told. */
  by: string;
  /** Rejects with a Failure when it could not be delivered. */
  tell(delivery: Delivery): Promise<void>;
  /** Sends the digest of the day. */
  digest(route: string, state: AlertState): Promise<void>;
}

/** What could not be told, by route. */
export type Undelivered = Map<string, Diagnostic[]>;

/**
 * One look of a mover at what is open: what is to be told is claimed, told, and noted. Others stand in for
 * whoever dies in between when the claim has run out.
 */
export async function alertTurn(turn: AlertTurn): Promise<{ undelivered: Undelivered; told: Delivery[] }> {
  const { keeper, conditions, policies, now, by } = turn;
  let wanted: Delivery[] = [];
  let digests: string[] = [];
  const claimed = await keeper.change(before => {
    const open = advance(before, conditions, now, by);
    wanted = deliveries(open, policies, now);
    digests = policies.flatMap(({ route, digestAfter }) => {
      const last = before.digests[route];
      return digestAfter && last !== undefined && digestAfter(last) <= now ? [route] : [];
    });
    const begun = policies.filter(one => one.digestAfter && before.digests[one.route] === undefined);
    const sent = [...digests, ...begun.map(({ route }) => route)].map(route => [route, now] as const);
    const state = claim(open, wanted, by, now);
    return sent.length === 0
      ? state
      : { ...state, digests: { ...state.digests, ...Object.fromEntries(sent) } };
  });
  const undelivered: Undelivered = new Map();
  const attempt = async (route: string, send: () => Promise<void>): Promise<boolean> => {
    try {
      await send();
      return true;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      undelivered.set(route, error.diagnostics);
      return false;
    }
  };
  // Routes don't wait for each other; what one is told stays in order.
  const byRoute = Map.groupBy(wanted, ({ route }) => route);
  const results: { delivery: Delivery; ok: boolean }[] = [];
  await Promise.all([
    ...[...byRoute].map(async ([route, own]) => {
      for (const delivery of own)
        results.push({ delivery, ok: await attempt(route, () => turn.tell(delivery)) });
    }),
    ...digests.map(route => attempt(route, () => turn.digest(route, claimed))),
  ]);
  await keeper.change(before => {
    const noted = results.reduce((state, { delivery, ok }) => delivered(state, delivery, ok, now), before);
    return settled(noted, policies);
  });
  return { undelivered, told: results.flatMap(({ delivery, ok }) => (ok ? [delivery] : [])) };
}
