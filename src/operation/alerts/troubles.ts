import type { AlertState, Condition, RoutePolicy, RouteTrouble } from './model.ts';

/** After a message that could not be delivered, doubled by each further one, ms. */
const firstPause = 60_000;
const longestPause = 15 * 60_000;
/** What nobody has tried for so long is nobody's any more: others may declare other routes. */
const forgotten = 4 * longestPause;

/** How long after the last of so many failures in a row it is tried again, ms. */
export const retryPause = (failures: number): number =>
  Math.min(firstPause * 2 ** (failures - 1), longestPause);

/** That routes don't deliver, each an alert of its own. */
export const conditionsOfRoutes = ({ troubles = {} }: AlertState): Condition[] =>
  Object.entries(troubles).map(([route, { text }]) => routeFailing(route, text));

export const routeFailing = (route: string, text: string): Condition => ({
  ...{ rule: 'route-failing', severity: 'warning', cause: route, subject: route, text },
});

/** What came of a route that was tried; undefined: it delivers. */
export type Tried = Pick<RouteTrouble, 'text' | 'partly'> | undefined;

/** Notes what came of routes. */
export function withTroubles(state: AlertState, tried: ReadonlyMap<string, Tried>, now: number): AlertState {
  const troubles = { ...state.troubles };
  for (const [route, trouble] of tried) {
    const times = (troubles[route]?.times ?? 0) + 1;
    if (trouble) troubles[route] = { at: now, times, ...trouble };
    else delete troubles[route];
  }
  return only(state, troubles);
}

/**
 * Without the troubles of routes that nothing is owed to any more: what they would not take has ended
 * meanwhile, and nobody will try them.
 */
export function eased(state: AlertState, policies: readonly RoutePolicy[], now: number): AlertState {
  const byRoute = new Map(policies.map(one => [one.route, one]));
  const isOwed = (route: string, { at, partly }: RouteTrouble): boolean => {
    const policy = byRoute.get(route);
    if (!policy) return now - at < forgotten;
    return (
      partly === true ||
      isDigestDue(state, policy, now) ||
      state.alerts.some(({ ended, told: { [route]: told } }) =>
        told ? (told.failures ?? 0) > 0 && (ended === undefined || told.subjects.length > 0) : false,
      )
    );
  };
  const owed = Object.entries(state.troubles ?? {}).filter(([route, trouble]) => isOwed(route, trouble));
  return only(state, Object.fromEntries(owed));
}

/** Whether a route wants the digest of the day by now. */
export function isDigestDue(
  { digests }: AlertState,
  { route, digestAfter }: RoutePolicy,
  now: number,
): boolean {
  const last = digests[route];
  return digestAfter !== undefined && last !== undefined && digestAfter(last) <= now;
}

/** Whether a route that doesn't deliver may be tried again with what is nobody's alert. */
export function mayTry({ troubles = {} }: AlertState, route: string, now: number): boolean {
  const trouble = troubles[route];
  return trouble === undefined || trouble.partly === true || now >= trouble.at + retryPause(trouble.times);
}

/** Of two that went their own ways the later word about each route. */
export function laterTroubles(stored: AlertState, own: AlertState): Pick<AlertState, 'troubles'> {
  const all = { ...stored.troubles };
  for (const [route, trouble] of Object.entries(own.troubles ?? {}))
    if ((all[route]?.at ?? Number.NEGATIVE_INFINITY) < trouble.at) all[route] = trouble;
  return Object.keys(all).length > 0 ? { troubles: all } : {};
}

function only({ troubles: _, ...state }: AlertState, troubles: Record<string, RouteTrouble>): AlertState {
  return Object.keys(troubles).length > 0 ? { ...state, troubles } : state;
}
