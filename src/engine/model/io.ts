import type { Clock, Command, CommandResult, Files, Random, ReadFiles } from '../../io/ports.ts';
import type { SecretRef } from './catalog.ts';

/**
 * The clients that resource types may ask for, by name. Each client module adds its own line by
 * declaration merging (`declare module './io.ts' { interface Clients { s3: … } }`), so the
 * engine imports none of them.
 */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging
export interface Clients {}

/** Numbers a long-running step reports while it works; shown as progress, never planned on. */
export interface Progress {
  /** Short, present tense: "reading disk 0". */
  what: string;
  /** Bytes done and expected in total, when known. */
  done?: number;
  total?: number;
}

/** What a type may remember between runs; losing it costs extra work, never wrong work. */
export interface ReadMemory {
  /** `of`: what another type remembers, one that the type's `readsMemoryOf` names. */
  get(key: string, of?: string): unknown;
}
export interface Memory extends ReadMemory {
  /** Durable when the promise resolves. `undefined` forgets the key. */
  set(key: string, value: unknown): Promise<void>;
}

/**
 * All that a resource type may touch while observing. Calls are counted, retried, redacted and
 * cancelled by the engine; a type does none of that.
 */
export interface ReadIo {
  readonly clock: Clock;
  /**
   * Milliseconds that `clock` is behind, when things are observed as of an earlier moment; what another clock
   * says is to be set back by as much.
   */
  readonly behind?: number;
  readonly random: Random;
  readonly platform: NodeJS.Platform;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly files: ReadFiles;
  readonly memory: ReadMemory;
  readonly signal: AbortSignal;
  /** What tells the target of this call apart from others; `host` on a host. */
  targetIdentity(): Promise<string>;
  /** The client for the target that the resources of this call live on. Connects on first use. */
  client<K extends keyof Clients>(name: K): Promise<Clients[K]>;
  /** The secret itself. Only for the call that needs it; the engine redacts it from then on. */
  secret(ref: SecretRef): Promise<string>;
  /**
   * A content source, in pieces of bounded size: a property marked `x-path: 'source'`, as it is in
   * `asked.properties`.
   */
  source(path: string): Promise<AsyncIterable<Buffer>>;
  /** SHA-256 (hex) of a content source that was read already. */
  sourceDigest?(path: string): string | undefined;
  /** Runs a read-only program of the host (a guard, a listing). */
  run(command: Command): Promise<CommandResult>;
}

export interface WriteIo extends ReadIo {
  readonly files: Files;
  readonly memory: Memory;
  progress(progress: Progress): void;
  /**
   * Done once per run and shared by all types: a backup before the first change. A failure is tried again.
   */
  once<T>(name: string, make: () => Promise<T>): Promise<T>;
  /** Named before each durable side effect; tests crash here. */
  step(name: string): Promise<void>;
}
