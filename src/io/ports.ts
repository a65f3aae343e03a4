/**
 * What converge needs from the machine it runs on. Types, clients and the replication code see
 * these interfaces only, so that the lab can stand in for a host, a test can step the clock, and
 * a kill can be driven at each durable step.
 */

import type { WriteOptions } from './handles/write-atomic.ts';

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
  /** The same of several pieces, one after the other. */
  writev(pieces: readonly Buffer[], offset: number): Promise<void>;
  truncate(size: number): Promise<void>;
  sync(): Promise<void>;
  /** Of this very file, whatever is at its path by now. */
  chmod(mode: number): Promise<void>;
  stat(): Promise<FileStat>;
  close(): Promise<void>;
}

export interface ReadOptions {
  /** Bytes that are read at most, 64 MiB when left out; a larger file is a Failure. */
  most?: number;
  /** Only if nobody but root and whoever runs this can change the file or put another in its place. */
  own?: true;
}

/**
 * Paths are absolute host paths. Reading functions return undefined for "not there". Links on the way, and
 * those that are read through, are followed only when root or whoever runs this made them. Only plain files
 * are read.
 */
export interface ReadFiles {
  read(path: string, options?: ReadOptions): Promise<Buffer | undefined>;
  stat(path: string): Promise<FileStat | undefined>;
  list(path: string): Promise<string[] | undefined>;
  readlink(path: string): Promise<string | undefined>;
  open(path: string, mode: 'r'): Promise<FileHandle | undefined>;
}

export interface Files extends ReadFiles {
  /** `mode`: permission bits of a new file from its first moment. */
  open(
    path: string,
    mode: 'r' | 'r+' | 'create-new',
    options?: { mode?: number },
  ): Promise<FileHandle | undefined>;
  /** Whole new content or the old one, never a half: temporary name, fsync, rename. */
  writeAtomic(path: string, content: Buffer | AsyncIterable<Buffer>, options?: WriteOptions): Promise<void>;
  /**
   * A name that nobody can guess, for what is made beside a thing and then renamed to it; a killed run's are
   * swept.
   */
  temporaryName(): Promise<string>;
  /** Of a file or a directory. */
  chmod(path: string, mode: number): Promise<void>;
  mkdir(path: string, options?: { mode?: number; recursive?: boolean }): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** A second name for a file; false when something has that name. */
  link(from: string, to: string): Promise<boolean>;
  /** Makes durable what was renamed, linked or made in a folder. */
  syncFolder(path: string): Promise<void>;
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
  /**
   * On Windows the arguments are on the command line as they are: for a program with its own idea of quotes.
   */
  verbatim?: true;
  /** Milliseconds. */
  timeout?: number;
  /** Written to stdin, then closed. */
  input?: string;
  /** Gets what it says on stderr as it comes; whoever stops a program hears nothing else of it. */
  onStderr?: (text: string) => void;
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
