import { breachedAfter, dueAfter, type Timetable } from '../schedule/due.ts';

/** The newest run of a recovery plan. */
export interface Rehearsal {
  plan: string;
  number: number;
  began: number;
  /** Undefined: it hasn't finished. */
  finished?: { at: number; ok: boolean; took: number };
  /** UUIDs. */
  vms: string[];
}

/** A run of a recovery plan that is at work, or stands. Times are ms since the epoch. */
export interface StandingRun {
  number: number;
  kind: 'test' | 'failover';
  /** `running`: it goes on, or was interrupted. */
  state: 'running' | 'standing' | 'committed' | 'undoing';
  began: number;
  /** Of a test: when it is to be over. */
  expires?: number;
  /** How many there are, and how many of them have come so far. */
  machines: { all: number; launched: number; probed: number };
  /** What was done, the oldest first; `text` is a clause. */
  steps: { at: number; text: string }[];
}

/** What is known of a recovery plan and of its tests. Times are ms since the epoch. */
export interface SeenPlan {
  plan: string;
  address: string;
  /** Canonical URL of its repository. */
  repository: string;
  /** When it is to be rehearsed; undefined: when somebody does. */
  timetable?: Timetable;
  /** When the plan was applied that counts now. */
  since?: number;
  /** Its newest run, of either kind. */
  newest?: Rehearsal;
  /** Its newest test that is over. */
  tested?: { number: number; began: number; at: number; ok: boolean; took: number };
  /** When its newest test ended that passed. */
  passed?: number;
  /** Nobody may begin a test beside it. */
  run?: StandingRun;
}

/**
 * `unscheduled`: nothing says how often; `never`: no test is over yet, and it isn't too late for the first.
 */
export const PLAN_STATES = ['overdue', 'failed', 'never', 'rehearsed', 'unscheduled'] as const;

/** How often a recovery plan was shown to work, and when it will be again. */
export interface PlanStatus {
  plan: string;
  address: string;
  repository: string;
  state: (typeof PLAN_STATES)[number];
  /** Its newest test that is over. */
  tested?: NonNullable<SeenPlan['tested']>;
  passed?: number;
  /** When an agent may rehearse it. */
  next?: number;
  /** From when on it is overdue. */
  deadline?: number;
  run?: StandingRun;
}

export function planStatusOf(seen: SeenPlan, now: number): PlanStatus {
  const { plan, address, repository, timetable, tested, passed, since, run } = seen;
  const base = {
    plan,
    address,
    repository,
    ...(tested && { tested }),
    ...(passed !== undefined && { passed }),
    ...(run && { run }),
  };
  if (!timetable) return { ...base, state: 'unscheduled' };
  const next = nextTest(seen, now);
  const counted = passed ?? since;
  const deadline = counted === undefined ? undefined : breachedAfter(timetable, undefined, counted);
  const times = {
    ...(Number.isFinite(next) && { next }),
    ...(deadline !== undefined && Number.isFinite(deadline) && { deadline }),
  };
  const state =
    deadline !== undefined && now > deadline
      ? 'overdue'
      : tested === undefined
        ? 'never'
        : tested.ok
          ? 'rehearsed'
          : 'failed';
  return { ...base, ...times, state };
}

/** Whether an agent is to rehearse a plan now. */
export const isTestDue = (seen: SeenPlan, now: number): boolean =>
  seen.timetable !== undefined && !seen.run && nextTest(seen, now) <= now;

/** The first one by an interval is due at once, by the calendar when that comes. */
function nextTest({ timetable, tested, since }: SeenPlan, now: number): number {
  if (!timetable) return Number.POSITIVE_INFINITY;
  if (tested) return dueAfter(timetable, tested.began);
  return 'every' in timetable.schedule ? (since ?? now) : dueAfter(timetable, since ?? now);
}
