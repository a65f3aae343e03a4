import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { Listener, RunContent, RunReport } from '../engine/model/events.ts';
import type { Plan } from '../engine/model/plan.ts';
import type { Redactor } from '../engine/model/redact.ts';

/** What is worth knowing beside the result of a command. */
export type Notice =
  /** A lab stands in for the world; `dir` is its folder. */
  | { type: 'lab'; dir: string }
  /** What reads and writes at a target waits for it, and why; without that: it goes on. */
  | { type: 'waits'; target: string; why?: string }
  /** The plan is in `file` as well. */
  | { type: 'plan-written'; file: string }
  /** What this instance is about to apply. */
  | { type: 'content'; instance: string; environment: string; content: RunContent }
  /** The run goes on without a log, or with half of one. */
  | { type: 'no-log'; why: string }
  /** The agent begins to look at `url`. */
  | { type: 'agent-looks'; url: string }
  | { type: 'agent-finds-nothing'; url: string; environment: string }
  /** Another run has the machine and goes first. */
  | { type: 'agent-yields'; why: string }
  /** A turn ended in a way it should not; the next one comes all the same. */
  | { type: 'agent-turn-failed'; why: string }
  | { type: 'agent-ended' };

/** How a run of `apply` ended. */
export interface RunResult {
  plan: Plan;
  report: RunReport;
  /** All that was told about plan and run. */
  diagnostics: readonly Diagnostic[];
}

/** Where one run is told while it goes on. */
export interface RunReporter {
  event: Listener;
  /** What is going to be changed, before anything is. */
  plan(plan: Plan): void;
  /** The changes of the plan begin. */
  begin(plan: Plan): void;
  /** No more events come. Resolves when all of them were told. */
  settled(): Promise<void>;
  result(result: RunResult): Promise<void>;
  /** Rejects with what kept something from being told. */
  close(): Promise<void>;
}

/**
 * The face of the application: all that it says goes through here, as data. What is secret is known to
 * `Known`.
 */
export interface Reporter {
  diagnostics(found: readonly Diagnostic[]): void;
  notice(notice: Notice): void;
  /** @param now the run's clock, ms since the epoch */
  run(now: () => number): Promise<RunReporter>;
}

/** What a reporter has to know of what it is told. */
export interface Known {
  /** Takes secrets out of whatever is said. */
  redactor: Redactor;
  /** Text of the manifests read so far, by the name that diagnostics use. */
  sources: ReadonlyMap<string, string>;
}

/** @param copy gets all that is said as text too: a log */
export type MakeReporter = (known: Known, copy?: (text: string) => void) => Reporter;
