/**
 * A folder that was reached without following a link of another user. On Linux it stays the same folder,
 * whatever becomes of its path.
 */
export interface Folder {
  /** What system calls take in place of its path. */
  at: string;
  /** Whether others could put something else under a name in it at any time, as it is now. */
  isShared(): Promise<boolean>;
}

/**
 * How folders are reached on this platform. Paths are absolute. Rejects with the system's errors and
 * `Refused`.
 */
export interface Folders {
  /** Runs `work` in the folder `path`, and in no other. */
  within<T>(path: string, work: (folder: Folder) => Promise<T>): Promise<T>;
  /**
   * The same for where a link in `folder` leads: the folder of its target, and the name of the target there.
   * Undefined when `name` is not a link. `shown` is its path, for messages.
   */
  followed<T>(
    folder: Folder,
    name: string,
    shown: string,
    work: (folder: Folder, name: string) => Promise<T>,
  ): Promise<{ result: T } | undefined>;
}

/** Why something is not done with a path though the system would; `fileFailure` makes the sentence. */
export class Refused extends Error {
  readonly hint: string | undefined;

  constructor(why: string, hint?: string) {
    super(why);
    this.hint = hint;
  }
}

/** Links followed on the way to one thing, as Linux has it. */
export const mostLinks = 40;
