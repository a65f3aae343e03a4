import { sha256 } from '../../values/digest.ts';
import { moverSilence } from '../model.ts';
import type { Alert, AlertState, Condition, Delivery, Kind, RoutePolicy, Rule } from './model.ts';
import { laterTroubles, retryPause } from './troubles.ts';

/** How long others leave a message alone that somebody is about to send, ms. */
const claimLasts = 2 * 60_000;
/** What joins an alert is told so long after the last message at the earliest, ms. */
const growthPause = 5 * 60_000;
/** A mover that goes on seeing an alert says so that often, ms: often enough to count as one that lives. */
const seenPause = moverSilence / 3;

/** The alert that a condition belongs to, wherever it is seen. At most 64 characters. */
export const keyOf = ({ rule, cause }: Pick<Condition, 'rule' | 'cause'>): string =>
  `converge-${rule}-${sha256(cause).slice(0, 16)}`;

/** What whoever looks can say. */
export interface Judgement {
  /** Whether it can be said that what an alert is about has passed. */
  canJudge?(rule: Rule, subject: string): boolean;
  /** Another mover is at the VM, and tells how old its points are: nothing new of that is told here. */
  isElsewhere?(vm: string): boolean;
}

/** What a cycle that goes on elsewhere is about to end. */
const ofAge: ReadonlySet<Rule> = new Set(['breached', 'never']);

/**
 * What is open by now: conditions that were not there before open an alert, those that pass end it, and one
 * that comes back opens another. Nothing is told here.
 *
 * Movers don't know the same: one has not read a VM again yet, another alone has manifests with mistakes. So
 * an alert is over once none of those that saw it sees it any more; one that fell silent has no say.
 *
 * @param by who sees these conditions
 * The last parameter: what that one can say, and about which VMs.
 */
export function advance(
  state: AlertState,
  conditions: readonly Condition[],
  now: number,
  by: string,
  { canJudge = () => true, isElsewhere = () => false }: Judgement = {},
): AlertState {
  const keyOfIts = keysIn(state.alerts);
  const isNamed = ({ rule, subject }: Condition) =>
    state.alerts.some(
      one => one.ended === undefined && one.rule === rule && currentOf(one).includes(subject),
    );
  const own = conditions.filter(one => !(ofAge.has(one.rule) && isElsewhere(one.subject)) || isNamed(one));
  const found = Map.groupBy(own, keyOfIts);
  const open = new Set<string>();
  const alerts = state.alerts.map(alert => {
    if (alert.ended !== undefined) return alert;
    const still = found.get(alert.key);
    if (!still) {
      const { rule } = alert;
      return currentOf(alert).every(subject => canJudge(rule, subject))
        ? withoutSight(alert, by, now)
        : alert;
    }
    open.add(alert.key);
    const unknown = seenBy(alert, by).filter(subject => !canJudge(alert.rule, subject));
    return seenAs(alert, still, unknown, by, now);
  });
  const opened = [...found].flatMap(([key, all]) => (open.has(key) ? [] : [alertOf(key, all, now, by)]));
  return { ...state, alerts: [...alerts, ...opened] };
}

/** What an alert is about by now: what any of those sees that see it. */
export function currentOf({ subjects, seen = {}, sees = {} }: Alert): string[] {
  const movers = Object.keys(seen);
  if (movers.some(mover => sees[mover] === undefined)) return subjects;
  const current = new Set(movers.flatMap(mover => sees[mover]!));
  return current.size === 0 ? subjects : subjects.filter(subject => current.has(subject));
}

const seenBy = ({ subjects, seen = {}, sees = {} }: Alert, by: string): string[] =>
  by in seen ? (sees[by] ?? subjects) : [];

/** As it is when `by` sees it for these conditions, and can't tell of the subjects that are `unknown`. */
function seenAs(
  alert: Alert,
  conditions: readonly Condition[],
  unknown: readonly string[],
  by: string,
  now: number,
): Alert {
  const sees = [...new Set([...subjectsOf(conditions), ...unknown])].sort();
  const known = new Set(alert.subjects);
  const joined = sees.filter(subject => !known.has(subject));
  const seen = sightOf(alert, by, now);
  // Those that fell silent have no say in what it is about.
  const living = Object.keys(seen).filter(mover => now - seen[mover]! <= moverSilence);
  const of = <T>(all: Record<string, T> = {}): Record<string, T> =>
    Object.fromEntries(Object.entries(all).filter(([mover]) => living.includes(mover)));
  const next: Alert = {
    ...alert,
    subjects: joined.length > 0 ? [...alert.subjects, ...joined] : alert.subjects,
    seen: of(seen),
    sees: { ...of(alert.sees), [by]: sees },
  };
  const current = currentOf(next);
  // Another one still sees what has passed here: it may go by what it read long ago.
  const isDoubted = seenBy(alert, by).some(subject => !sees.includes(subject) && current.includes(subject));
  if (isDoubted) next.doubted = now;
  return { ...next, ...firstOf(next, current, conditions), told: toldOf(alert, current) };
}

/** What it was opened for may have passed while it is about others: those are named from then on. */
function firstOf(
  { subjects }: Alert,
  current: readonly string[],
  conditions: readonly Condition[],
): Partial<Alert> {
  if (current.includes(subjects[0]!)) return {};
  const first = conditions.find(({ subject }) => current.includes(subject));
  if (!first) return {};
  return { text: first.text, subjects: [first.subject, ...subjects.filter(one => one !== first.subject)] };
}

/** Who heard of a subject that has passed hears of it again when it comes back. */
function toldOf({ told }: Alert, current: readonly string[]): Alert['told'] {
  const entries = Object.entries(told).map(([route, one]) => {
    const still = one.subjects.filter(subject => current.includes(subject));
    return [route, still.length > 0 ? { ...one, subjects: still } : one] as const;
  });
  return Object.fromEntries(entries);
}

/** With what a mover saw as seen by the one that has taken its place. */
export const succeeded = (state: AlertState, before: string, by: string): AlertState => ({
  ...state,
  alerts: state.alerts.map(alert => {
    const { [before]: at, ...others } = alert.seen ?? {};
    if (at === undefined) return alert;
    const { [before]: sees, ...othersSee } = alert.sees ?? {};
    const own = othersSee[by] ?? sees;
    return {
      ...alert,
      seen: { ...others, [by]: others[by] ?? at },
      ...(alert.sees && { sees: { ...othersSee, ...(own && { [by]: own }) } }),
    };
  }),
});

/**
 * The alert that each condition belongs to: the one that is open and about its subject already, whatever the
 * cause is by now. A mover that was started anew has forgotten it, and another one hasn't met it.
 */
function keysIn(alerts: readonly Alert[]): (condition: Condition) => string {
  const named = new Map<string, string[]>();
  for (const alert of alerts)
    for (const subject of alert.ended === undefined ? currentOf(alert) : []) {
      const name = `${alert.rule} ${subject}`;
      named.set(name, [...(named.get(name) ?? []), alert.key]);
    }
  return one => {
    const own = keyOf(one);
    const known = named.get(`${one.rule} ${one.subject}`) ?? [];
    return known.includes(own) ? own : (known[0] ?? own);
  };
}

const sightOf = ({ seen = {} }: Alert, by: string, now: number): Record<string, number> =>
  now - (seen[by] ?? Number.NEGATIVE_INFINITY) < seenPause ? seen : { ...seen, [by]: now };

/** As it is when `by` doesn't see it any more: over, unless others do. */
function withoutSight(alert: Alert, by: string, now: number): Alert {
  const { [by]: own, ...others } = alert.seen ?? {};
  const isSeen = Object.values(others).some(at => now - at <= moverSilence);
  if (!isSeen) return { ...alert, ended: now };
  if (own === undefined) return alert;
  const { [by]: _, ...sees } = alert.sees ?? {};
  return { ...alert, seen: others, ...(alert.sees && { sees }), doubted: now };
}

const subjectsOf = (conditions: readonly Condition[]): string[] => [
  ...new Set(conditions.map(({ subject }) => subject)),
];

function alertOf(key: string, conditions: readonly Condition[], now: number, by: string): Alert {
  const [{ rule, text }] = conditions as [Condition];
  const severity = conditions.some(one => one.severity === 'critical') ? 'critical' : 'warning';
  const subjects = subjectsOf(conditions);
  const sees = { [by]: subjects.toSorted() };
  return { key, rule, severity, subjects, text, since: now, seen: { [by]: now }, sees, told: {}, claims: {} };
}

/** What is to be told by now, and to whom; what somebody else is about to tell is left out. */
export function deliveries(state: AlertState, policies: readonly RoutePolicy[], now: number): Delivery[] {
  return state.alerts.flatMap(alert =>
    policies.flatMap(policy => {
      const { route } = policy;
      const claim = alert.claims[route];
      if (claim && claim.until > now) return [];
      const kind = kindFor(alert, policy, now);
      if (!kind) return [];
      return [
        { route, kind, alert: kind === 'recovered' ? alert : { ...alert, subjects: currentOf(alert) } },
      ];
    }),
  );
}

function kindFor(alert: Alert, policy: RoutePolicy, now: number): Kind | undefined {
  if (policy.severity === 'critical' && alert.severity === 'warning') return undefined;
  // That it doesn't deliver, nobody is told by the route itself.
  if (alert.rule === 'route-failing' && alert.subjects.includes(policy.route)) return undefined;
  const told = alert.told[policy.route];
  const { failures = 0 } = told ?? {};
  if (failures > 0 && now < told!.at + retryPause(failures)) return undefined;
  const heard = told !== undefined && told.subjects.length > 0;
  if (alert.severity === 'warning' && policy.isQuiet(now)) return undefined;
  // What nobody heard of has no end either.
  if (alert.ended !== undefined) return heard ? 'recovered' : undefined;
  if (!heard) return 'opened';
  const grew = currentOf(alert).some(subject => !told.subjects.includes(subject));
  if (grew && now >= told.at + growthPause) return 'grown';
  return policy.remind !== undefined && now >= told.at + policy.remind ? 'reminder' : undefined;
}

/** Says that `by` is about to tell these. */
export const claim = (
  state: AlertState,
  wanted: readonly Delivery[],
  by: string,
  now: number,
): AlertState => ({
  ...state,
  alerts: state.alerts.map(alert => {
    const own = wanted.filter(one => one.alert.key === alert.key && one.alert.since === alert.since);
    if (own.length === 0) return alert;
    const claims = own.map(({ route }) => [route, { by, until: now + claimLasts }] as const);
    return { ...alert, claims: { ...alert.claims, ...Object.fromEntries(claims) } };
  }),
});

/** Notes what became of a delivery. */
export const delivered = (
  state: AlertState,
  { route, kind, alert: { key, since, subjects } }: Delivery,
  ok: boolean,
  now: number,
): AlertState => ({
  ...state,
  alerts: state.alerts.map(alert => {
    if (alert.key !== key || alert.since !== since) return alert;
    const { [route]: _, ...claims } = alert.claims;
    const before = alert.told[route];
    if (!ok) {
      const failures = (before?.failures ?? 0) + 1;
      const told = { at: now, subjects: before?.subjects ?? [], failures };
      return { ...alert, claims, told: { ...alert.told, [route]: told } };
    }
    // The end was told: nothing is owed to this route any more.
    const told = kind === 'recovered' ? { at: now, subjects: [] } : { at: now, subjects };
    return { ...alert, claims, told: { ...alert.told, [route]: told } };
  }),
});

/** Leaves to the next turn what was claimed and not tried. */
export const unclaimed = (state: AlertState, untried: readonly Delivery[]): AlertState => ({
  ...state,
  alerts: state.alerts.map(alert => {
    const routes = untried.flatMap(({ route, alert: { key, since } }) =>
      key === alert.key && since === alert.since ? [route] : [],
    );
    if (routes.length === 0) return alert;
    const claims = Object.entries(alert.claims).filter(([route]) => !routes.includes(route));
    return { ...alert, claims: Object.fromEntries(claims) };
  }),
});

/** The alerts that have ended and that every route has heard the end of, in the order in which they began. */
export const over = ({ alerts }: AlertState, policies: readonly RoutePolicy[]): Alert[] =>
  alerts.filter(
    ({ ended, told }) =>
      ended !== undefined && !policies.some(({ route }) => (told[route]?.subjects.length ?? 0) > 0),
  );

/** Without alerts that are over. */
export const without = (state: AlertState, gone: readonly Alert[]): AlertState => ({
  ...state,
  alerts: state.alerts.filter(one => !gone.some(isOf(one))),
});

/** Whether two are the same, from one moment on. */
const isOf = (one: Alert) => (other: Alert) => other.key === one.key && other.since === one.since;

/**
 * What is kept from now on, when `own` went its own way from `base` while nobody could reach what is
 * `stored`: what was told meanwhile counts as told. Of two that had begun alike the later word about each
 * route stands.
 */
export function rejoined(stored: AlertState, base: AlertState, own: AlertState): AlertState {
  const began = (one: Alert) => base.alerts.find(isOf(one));
  const isOver = (one: Alert) => began(one) && !own.alerts.some(isOf(one));
  const alerts = stored.alerts
    .filter(one => !isOver(one))
    .map(alert => {
      // Somebody else may have seen the same begin at another moment.
      const here =
        own.alerts.find(isOf(alert)) ??
        own.alerts.find(one => one.key === alert.key && one.ended === undefined && !began(one));
      if (!here) return alert;
      const ended = alert.ended ?? here.ended;
      return {
        ...alert,
        subjects: [...new Set([...alert.subjects, ...here.subjects])],
        seen: latest(alert.seen ?? {}, here.seen ?? {}),
        ...((alert.sees ?? here.sees) && { sees: laterSees(alert, here) }),
        told: laterOf(alert.told, here.told),
        ...(ended !== undefined && { ended }),
      };
    });
  const isKnown = (one: Alert) =>
    alerts.some(other => isOf(one)(other) || (other.key === one.key && other.ended === undefined));
  // What was there when they parted, and isn't any more, others have brought to its end.
  const added = own.alerts.filter(one => !began(one) && !isKnown(one));
  return {
    ...stored,
    alerts: [...alerts, ...added],
    digests: latest(stored.digests, own.digests),
    ...laterTroubles(stored, own),
  };
}

/** Of each mover what it saw when it said so last. */
function laterSees(stored: Alert, own: Alert): Record<string, string[]> {
  const all = { ...stored.sees };
  for (const [mover, sees] of Object.entries(own.sees ?? {}))
    if ((own.seen?.[mover] ?? 0) > (stored.seen?.[mover] ?? Number.NEGATIVE_INFINITY)) all[mover] = sees;
  return all;
}

function laterOf(one: Alert['told'], other: Alert['told']): Alert['told'] {
  const all = { ...one };
  for (const [route, told] of Object.entries(other))
    if (!(route in all) || all[route]!.at <= told.at) all[route] = told;
  return all;
}

const latest = (one: Record<string, number>, other: Record<string, number>): Record<string, number> => {
  const all = { ...one };
  for (const [route, at] of Object.entries(other)) all[route] = Math.max(all[route] ?? at, at);
  return all;
};
