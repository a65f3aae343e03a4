import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { Level } from '../replication/model/check-memory.ts';
import type { Pause } from '../replication/model/pauses.ts';
import type { Consistency, Mode, SignalKind } from '../replication/model/point.ts';
import type { Timetable } from '../schedule/due.ts';
import type { PlanStatus, Rehearsal, SeenPlan } from './rehearsals.ts';

/**
 * How the protection of a VM stands. There is none for what a run left out: that is late, or breached.
 */
export const STATES = ['kept', 'late', 'breached', 'never', 'paused', 'unknown', 'unprotected'] as const;
export type State = (typeof STATES)[number];

/** Why it stands so. */
export const REASONS = {
  'in-time': 'the next cycle is not due yet',
  'cycle-running': 'a cycle is at work',
  'window-closed': 'it is due and waits for its window',
  overdue: 'it is due, and no cycle is at work',
  'no-repository': 'its repository is not there',
  'no-point': 'it has no recovery point',
  'first-copy-running': 'its first copy is being made',
  paused: 'somebody paused it',
  'failed-over': 'it runs in AWS',
  'brought-home': 'it is home, and what is left of it in AWS is not removed yet',
  'lives-in-aws': 'it lives in AWS, where nothing protects it',
  'snapshots-in-aws': 'it lives in AWS, where snapshots protect it',
  'volume-uncovered': 'it lives in AWS, and its newest snapshots lack a volume that is attached to it',
  'repository-unreachable': 'its repository could not be read',
  damaged:
    'something that its repository holds of it could not be read, and the newest point that can be restored counts',
  'future-point': 'its newest point is dated in the future',
  'ambiguous-name': 'several VMs in the repository have its name; declare it by its UUID',
  'selection-unknown': 'nobody could say which VMs these are',
  'selection-empty': 'the selection means no VM',
  'no-target': 'nothing says how old its newest point may become',
  'not-declared': 'nothing declares it',
  replaced: 'a newer VM has its name',
} as const;
export type Reason = keyof typeof REASONS;

/** A VM as it is declared. Times are ms, or ms since the epoch. */
export interface DeclaredVm {
  address: string;
  /** Name or UUID. */
  title: string;
  /** Canonical URL of its repository. */
  repository: string;
  timetable: Timetable;
  rpo?: number;
  labels?: readonly string[];
  /** It stands for VMs that nobody could list. */
  unlisted?: true;
  /** It stands for no VM at all. */
  empty?: true;
}

export interface SeenPoint {
  id: string;
  generation: number;
  time: number;
  consistency: Consistency;
  mode: Mode;
  reason: string;
  /** Bytes written for it; not known of points by older versions. */
  stored?: number;
  /** The changes that it holds jumped. */
  signal?: SignalKind;
  /** When all that it needed was last seen to be there before it was made. */
  presence?: number;
}

/** What the repository holds of one VM. */
export interface SeenVm {
  uuid: string;
  /** That of its newest point; undefined without one. */
  name?: string;
  newest?: SeenPoint;
  /** When its oldest point was made; looked at where several VMs have its name alone. */
  first?: number;
  /** Until when somebody holds its lease, by the clock of the repository; read where it matters alone. */
  leased?: number;
  /** Something of it can't be read: `newest` can be restored, and may not be the newest there was. */
  damaged?: true;
  verified?: Verified;
  /** Its newest point is known not to be whole: `newest` is the newest that is, undefined where none is. */
  broken?: true;
}

/** When verifications last looked to which depth; it says nothing of what they found. */
export type Verified = Partial<Record<Level, number>>;

/** A cycle that runs. */
export interface Moving {
  vm: string;
  since: number;
  /** Bytes read by now, and to read in total, of the disk that it is at. */
  done?: number;
  total?: number;
}

/** An alert that nobody has seen the end of. */
export interface OpenAlert {
  rule: string;
  severity: 'critical' | 'warning';
  subjects: readonly string[];
  /** A sentence without its full stop. */
  text: string;
  since: number;
}

/** A mover, as it writes about itself: for people, nothing rests on it. Times are ms since the epoch. */
export interface Mover {
  id: string;
  /** A worker moves what agents offer; left out: an agent. */
  kind?: 'agent' | 'worker';
  host: string;
  since: number;
  /** When it wrote this. */
  at: number;
  slots: number;
  running: Moving[];
  /** It said that it ends. */
  ended?: true;
}

/** After so long without a word a mover is gone, ms. */
export const moverSilence = 5 * 60_000;

export interface SeenRepository {
  url: string;
  /** Undefined: it was read. */
  problem?: Extract<Reason, 'no-repository' | 'repository-unreachable'>;
  /** By the clock of its store: what ages count from. */
  now: number;
  vms: SeenVm[];
  pauses: Pause[];
  /** Of those that live in AWS: when snapshots of them were taken there, and how often some are. */
  covers?: { vm: string; at: number; every: number; lacks?: string[] }[];
  /** VMs of which nothing is removed until then, by the store's clock; those in force. */
  holds?: { vm: string; until: number; why?: SignalKind | 'damaged' }[];
  /** Recovery plans that are declared with it. */
  plans: SeenPlan[];
  /** Agents that wrote about themselves, the one last heard of first. */
  movers?: Mover[];
  /** Those that routes with this repository were told of, the oldest first. */
  alerts?: OpenAlert[];
  /** Of all that it holds, where somebody asked. */
  bytes?: number;
  /** Of them what nothing needs, where somebody asked and it is known for all VMs. */
  dead?: number;
}

/** How old the replica of a VM is, and how old it may become. */
export interface SeenReplica {
  /** Title of the target: name or UUID of the VM. */
  vm: string;
  /** Undefined: there is no whole replica. */
  age?: number;
  /** Points that are newer. */
  behind: number;
  /** How often it is brought to the newest point; undefined: with each. */
  every?: number;
  /** It could not be looked for. */
  unknown?: true;
}

export interface ReplicaStatus {
  state: Extract<State, 'kept' | 'breached' | 'never' | 'unknown'>;
  age?: number;
  behind: number;
  /** How old it may become. */
  target?: number;
}

export interface VmStatus {
  vm: string;
  address?: string;
  /** That it is declared with. */
  labels?: readonly string[];
  uuid?: string;
  repository: string;
  state: State;
  reason: Reason;
  /** Whether its recovery point objective is kept, whatever the state. */
  kept: boolean;
  /** Its newest point is known not to be whole: to be restored is an older one. */
  broken?: true;
  /** Of its newest point. */
  age?: number;
  /** How old that may become. */
  target?: number;
  /** When it is too old. */
  deadline?: number;
  /** When the next cycle may begin. */
  next?: number;
  newest?: SeenPoint;
  pausedUntil?: number;
  /** Nothing of it is removed until then. */
  heldUntil?: number;
  /** Its changes jumped, and nobody has said that all is well. */
  signal?: SignalKind;
  replica?: ReplicaStatus;
  verified?: Verified;
  rehearsal?: Omit<Rehearsal, 'vms'>;
}

/** How everything stands, and what could not be seen. */
export interface Status {
  /** Milliseconds since the epoch, by the clock of this machine or lab. */
  at: number;
  vms: VmStatus[];
  /** Recovery plans that are declared. */
  plans: PlanStatus[];
  repositories: Pick<SeenRepository, 'url' | 'problem' | 'bytes' | 'dead' | 'movers' | 'alerts'>[];
  /** What could not be seen, which fails nothing else. */
  diagnostics: Diagnostic[];
}
