import type { Clock, Files, Random } from '../../../io/ports.ts';

/** The language that the stand-ins answer in; exit codes never depend on it. */
export type Language = 'en' | 'de';

/** The lab's Windows host as its programs see it. Everything they know is in files below its `C:`. */
export interface Machine {
  /** Takes Windows paths (`C:\x`, `c:/x`), of any case. */
  readonly files: Files;
  readonly clock: Clock;
  readonly random: Random;
  readonly language: Language;
  /** False when the run has no administrator's token; left out: it has. */
  readonly elevated?: boolean;
}

/** One call of a program, as CreateProcess got it. */
export interface Call {
  readonly args: readonly string[];
  /** They are on the command line as they are, where others are quoted. */
  readonly verbatim?: true;
  /** What was written to stdin. */
  readonly input: string;
  /** A Windows path. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Answer {
  /** Unsigned 32 bits, as Windows gives it. */
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** A stand-in for one program. It may run only while its file is there (`appcmd.exe` comes with IIS). */
export type Tool = (call: Call, machine: Machine) => Promise<Answer>;
