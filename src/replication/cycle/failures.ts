import type { Code } from '../../diagnostics/codes.ts';
import { type Diagnostic, Failure, world } from '../../diagnostics/diagnostic.ts';

/**
 * Why a cycle ends without a point, where it is the VM, what is around it, or another mover that it ends for:
 * by these names it is in what a cycle prints, in `history`, in alerts and in the metrics of agents. What the
 * network and AWS say, every command can meet.
 */
export const ENDINGS = [
  'snapshot-in-the-way',
  'disk-on-delta',
  'unprotectable-disk',
  'exclusion-moved',
  'no-disk-left',
  'disk-not-frozen',
  'quiesce-failed',
  'datastore-full',
  'snapshot-gone',
  'changed-areas-stuck',
  'bad-extent',
  'vm-away',
  'vm-is-template',
  'vsphere-permission',
  'vsphere-fault',
  'failed-over',
  'points-lost',
  'commit-unknown',
  'head-moved',
  'lease-held',
  'lease-damaged',
  'lease-unanswered',
  'lease-lost',
] as const satisfies readonly Code[];

/** Whether `error`, or what caused it, is an instance of `kind`. */
export const causedBy = (error: unknown, kind: abstract new (...args: never[]) => Error): boolean =>
  error instanceof kind || (error instanceof Error && causedBy(error.cause, kind));

/** The diagnostics of a Failure; for anything else one that carries its message under `code`. */
export const diagnosticsOf = (error: unknown, code: Code): Diagnostic[] =>
  error instanceof Failure
    ? error.diagnostics
    : [world(code, error instanceof Error ? error.message : String(error))];

/** `warning` with the text of a diagnostic. */
export const warning = (diagnostic: Diagnostic): Diagnostic => ({ ...diagnostic, severity: 'warning' });
