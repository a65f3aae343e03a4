import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { Address, Json } from './catalog.ts';
import type { Progress } from './io.ts';
import type { Action, Plan } from './plan.ts';

/** How the step of one resource ended. */
export type Result =
  | 'changed'
  | 'refreshed'
  | 'unchanged'
  | 'failed'
  /** A dependency failed or was dropped by `--only/--except`. */
  | 'skipped'
  /** `noop`: would have changed. */
  | 'noop'
  /** Its maintenance window is closed, or that of a dependency; a later run does it. */
  | 'held'
  /** It would weaken protection, and nobody allowed that. */
  | 'blocked'
  /** The run was interrupted while it was changed; the note says what became of the step. */
  | 'interrupted';

/** Everything that happens in a run, as one typed stream. listr2, the plain log and NDJSON subscribe. */
export type RunEvent =
  | { type: 'observing'; count: number }
  | { type: 'planned'; plan: Plan }
  | { type: 'started'; address: Address; action: Action }
  | { type: 'progress'; address: Address; progress: Progress }
  | {
      type: 'finished';
      address: Address;
      result: Result;
      note?: string;
      numbers?: Record<string, number>;
      diagnostic?: Diagnostic;
      /** Milliseconds. */
      took: number;
    }
  /** What reads and writes at a target waits for it to answer, and why; and that it goes on. */
  | { type: 'waiting'; target: string; why: string }
  | { type: 'resumed'; target: string }
  | { type: 'interrupted'; signal: 'SIGINT' | 'SIGTERM' }
  | { type: 'proved'; empty: boolean; pending: Address[] };

export type Listener = (event: RunEvent) => void;

/** Content that a run applied and that didn't come from the machine itself. */
export interface RunContent {
  url: string;
  /** SHA-256, hex. */
  sha256: string;
  from: 's3' | 'last-known-good';
  /** `false`: nobody vouched for it, and that was asked for. */
  signed: false | { environment: string; sequence: number; issued: string; expires: string };
}

/** What a run did; also the report file. */
export interface RunReport {
  report: 1;
  plan: string;
  content?: RunContent;
  results: {
    address: Address;
    action: Action;
    result: Result;
    note?: string;
    diagnostic?: Diagnostic;
    /** Properties that a guard left as they are while the rest was done; `diagnostics` says why. */
    heldBack?: string[];
    /** Read-only values of the object at the end, also when nothing was done. */
    shows?: Record<string, Json>;
  }[];
  /** Sums over all steps: bytes_read, bytes_uploaded, points. */
  numbers: Record<string, number>;
  /** Calls per target: made, retried, throttled. */
  calls: Record<string, { made: number; retried: number; throttled: number }>;
  /** Whether a second plan over what changed came out empty. */
  proof?: { empty: boolean; pending: Address[] };
  /** What belongs to the run and not to one step: not convergent, interrupted waits. */
  diagnostics: Diagnostic[];
  started: string;
  /** Milliseconds. */
  took: number;
  interrupted: boolean;
}
