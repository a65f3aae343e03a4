import type { AppIo } from '../../app/app-context.ts';
import type { Typed } from '../../app/as-typed.ts';

/** What whoever reads an output sees of it. */
export interface Face {
  isTTY: boolean;
  columns: number;
}

export interface Output extends Face {
  write(text: string): void;
  /** The real stream behind it, for a renderer that moves the cursor. */
  stream?: NodeJS.WriteStream;
}

/** What the program knows of the process around it. What it says leaves through `Text` alone. */
export interface TerminalIo extends AppIo {
  stdout: Face;
  stderr: Face;
  /** What runs this program: a file, and arguments before those of the command. */
  self?: string[];
  /** Asks whoever sits at the terminal; undefined at the end of the input. Left out when nobody does. */
  ask?(question: string): Promise<string | undefined>;
  /** How the command that runs names its manifests, as soon as that is known. */
  typed?: Typed;
}

/** What `main` needs from whoever calls it: the process, or a test. */
export interface CliIo extends TerminalIo {
  /** Results: plans, points, schemas. */
  stdout: Output;
  /** Progress and errors. */
  stderr: Output;
}
