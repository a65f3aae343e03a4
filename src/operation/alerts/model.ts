/** What somebody is told about. Closed: what receives an alert may switch over it. */
export const RULES = {
  breached: 'a recovery point objective is not kept',
  never: 'a VM has no recovery point',
  'lives-in-aws': 'a VM lives in AWS, where nothing protects it',
  'replica-breached': 'a replica is older than it may become',
  unknown: 'nobody can say how a VM stands',
  'failed-twice': 'cycles of a VM keep failing',
  resync: 'a VM was read whole',
  'change-rate': 'the changes of a VM jumped, as they do when somebody encrypts it',
  'snapshot-old': 'a snapshot lasts too long, or could not be removed',
  'datastore-low': 'a datastore runs out of room for snapshots',
  'rehearsal-failed': 'the newest test of a recovery plan failed',
  'rehearsal-overdue': 'a recovery plan has not passed a test for too long',
  damaged: 'something in a repository is damaged',
  'repository-gone': 'a repository is gone, or can not be read',
  skew: "a repository's clock and the one here differ",
  'fewer-selected': 'a selection means fewer VMs than before',
  drift: 'what is declared and what is there differ',
  'held-back': 'manifests protect less than what the agent goes by',
  'broken-manifests': 'the manifests can not be used',
  'mover-gone': 'a mover has not been heard of',
  'route-failing': 'alerts can not be delivered by a route',
} as const;
export type Rule = keyof typeof RULES;

export type Severity = 'critical' | 'warning';

/** Something that is wrong by now. Those with one rule and one cause are one alert. */
export interface Condition {
  rule: Rule;
  severity: Severity;
  /** Why; for a VM that is alone with it, the VM. */
  cause: string;
  /** What it is about: a VM, a repository. */
  subject: string;
  /** A sentence without its full stop. */
  text: string;
}

/** What a route was told last of an alert. Times are ms since the epoch. */
export interface Told {
  at: number;
  subjects: string[];
  /** How often it could not be delivered since. */
  failures?: number;
}

/** One alert from its first moment until everybody has heard of its end. */
export interface Alert {
  /** The same for all who see it: how a receiver knows it again. */
  key: string;
  rule: Rule;
  severity: Severity;
  /** All that it was about so far; the text is about the first. */
  subjects: string[];
  text: string;
  since: number;
  ended?: number;
  /** Which movers see it, and when each last said so; undefined in what older versions wrote. */
  seen?: Record<string, number>;
  /** Which subjects each of them sees by now; those of one that isn't there: all. */
  sees?: Record<string, string[]>;
  /** When one of several that saw it last saw it no more: the others look again. */
  doubted?: number;
  /** By the title of the route; one that isn't there has heard nothing. */
  told: Record<string, Told>;
  /** Who is about to tell which route, and until when nobody else does. */
  claims: Record<string, { by: string; until: number }>;
}

/** That a route doesn't deliver, by what was tried last; ms since the epoch. */
export interface RouteTrouble {
  at: number;
  /** In a row. */
  times: number;
  /** A sentence without its full stop. */
  text: string;
  /** Some heard of it, and others did not: nothing is tried again. */
  partly?: true;
}

export interface AlertState {
  version: 1;
  alerts: Alert[];
  /** When each route got its last digest. */
  digests: Record<string, number>;
  /** Routes that don't deliver; undefined: all do. */
  troubles?: Record<string, RouteTrouble>;
}

export const noAlerts: AlertState = { version: 1, alerts: [], digests: {} };

/** How a route wants to be told. Spans in ms. */
export interface RoutePolicy {
  route: string;
  /** The least that it hears of. */
  severity: Severity;
  /** How long after it was told it is reminded of what lasts; undefined: never. */
  remind?: number;
  /** Whether warnings wait by now: quiet hours. */
  isQuiet(now: number): boolean;
  /** When a digest is due that was last sent then; undefined: it wants none. */
  digestAfter?(last: number): number;
}

export type Kind = 'opened' | 'grown' | 'reminder' | 'recovered';

/** What one route is to be told now. */
export interface Delivery {
  route: string;
  kind: Kind;
  alert: Alert;
}
