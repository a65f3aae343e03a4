import type { LabInstance } from './state.ts';

/** What EC2 takes its time for. `start`: until the guest answers; `root`: to exchange a root volume. */
export type Step = 'image' | 'run' | 'start' | 'stop' | 'volume' | 'root' | 'snapshot' | 'import';

/**
 * How long a lab lets things take, by its own clock, which each call moves on. Without one everything is over
 * as soon as somebody has looked once.
 */
export interface Pace {
  /** Milliseconds from the beginning of a step to its end. `windows`: of the guest that starts. */
  takes(step: Step, windows: boolean): number;
  /** Milliseconds of one call, e.g. `ec2:RunInstances` or `s3:PUT`, with so many bytes to and fro. */
  call(what: string, bytes: number): number;
  /** Moves the clock of the lab on by milliseconds. */
  pass(ms: number): void;
}

/** Where steps take time, and what time it is. */
export interface Paced {
  /** Milliseconds since the epoch, of the lab's clock. */
  now: number;
  pace?: Pace | undefined;
}

/** How much of a step is done that began at `since`, 0 to 1; all of it in a lab that takes no time. */
export const shareOf = ({ now, pace }: Paced, step: Step, since: number, windows = false): number =>
  pace ? Math.min(1, (now - since) / pace.takes(step, windows)) : 1;

export const isOver = (...step: Parameters<typeof shareOf>): boolean => shareOf(...step) >= 1;

/** Whether the guest has started since its instance was powered on. */
export const hasStarted = (call: Paced, { boot, platform }: LabInstance): boolean =>
  boot === undefined || isOver(call, 'start', boot.at, platform === 'windows');
