/**
 * What converge needs from the machine it runs on. Types, clients and the replication code see
 * these interfaces only, so that the lab can stand in for a host, a test can step the clock, and
 * a kill can be driven at each durable step.
 */

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms` of this clock's time; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface Random {
  bytes(length: number): Buffer;
  uuid(): string;
}

export interface FileStat {
  kind: 'file' | 'directory' | 'symlink' | 'other';
  /** Bytes. */
  size: number;
  /** Permission bits, e.g. 0o644; 0 on platforms without them. */
  mode: number;
  /** Nanoseconds since the epoch. */
  mtimeNs: bigint;
  ctimeNs: bigint;
  inode: bigint;
  uid: number;
  gid: number;
}

/** A file opened for positional access. Offsets and lengths are bytes. */
export interface FileHandle {
  read(into: Buffer, offset: number): Promise<number>;
  write(bytes: Buffer, offset: number): Promise<void>;
  truncate(size: number): Promise<void>;
  sync(): Promise<void>;
  stat(): Promise<FileStat>;
  close(): Promise<void>;
}

/** Paths are absolute host paths. Reading functions return undefined for "not there". */
export interface ReadFiles {
  read(path: string): Promise<Buffer | undefined>;
  stat(path: string): Promise<FileStat | undefined>;
  list(path: string): Promise<string[] | undefined>;
  readlink(path: string): Promise<string | undefined>;
  open(path: string, mode: 'r'): Promise<FileHandle | undefined>;
}

export interface Files extends ReadFiles {
  open(path: string, mode: 'r' | 'r+' | 'create-new'): Promise<FileHandle | undefined>;
  /** Whole new content or the old one, never a half: temporary name, fsync, rename. */
  writeAtomic(path: string, bytes: Buffer, options?: { mode?: number }): Promise<void>;
  chmod(path: string, mode: number): Promise<void>;
  mkdir(path: string, options?: { mode?: number; recursive?: boolean }): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, a link, or an EMPTY directory unless `recursive`; not there is fine. */
  remove(path: string, options?: { recursive?: boolean }): Promise<void>;
  /** Bytes free for this user on the file system of `path` or its nearest existing parent. */
  freeSpace(path: string): Promise<number>;
}

export interface Command {
  /** Absolute path, or a name looked up in PATH. Never a shell line. */
  file: string;
  args: string[];
  cwd?: string;
  env?: Record<string, string>;
  /** On Windows the arguments stand on the command line as they are: for a program with its own idea of quotes. */
  verbatim?: true;
  /** Milliseconds. */
  timeout?: number;
  /** Written to stdin, then closed. */
  input?: string;
}

export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
  timedOut: boolean;
}

/** Runs a program without a shell. A program that cannot be started rejects with a Failure. */
export interface Processes {
  run(command: Command, signal?: AbortSignal): Promise<CommandResult>;
}

/** Everything of the host in one bundle. */
export interface Host {
  clock: Clock;
  random: Random;
  files: Files;
  processes: Processes;
  platform: NodeJS.Platform;
  /** Read-only view of the environment. */
  env: Readonly<Record<string, string | undefined>>;
  /** Working directory: what relative managed paths resolve against. */
  cwd: string;
}
