import type { AppIo } from '../../app/app-context.ts';

export interface Output {
  write(text: string): void;
  isTTY: boolean;
  columns: number;
  /** The real stream behind it, for a renderer that moves the cursor. */
  stream?: NodeJS.WriteStream;
}

/** What `main` needs from whoever calls it: the process, or a test. */
export interface CliIo extends AppIo {
  /** Results: plans, points, schemas. */
  stdout: Output;
  /** Progress and errors. */
  stderr: Output;
  /** Asks who sits at the terminal; undefined at the end of the input. Left out when nobody does. */
  ask?(question: string): Promise<string | undefined>;
}
