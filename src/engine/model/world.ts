import type { FileHandle, Host } from '../../io/ports.ts';
import type { CallCounter, CallLedger } from './calls.ts';
import type { Address, CatalogTarget, SecretRef } from './catalog.ts';
import type { Clients, Memory } from './io.ts';
import type { Locks } from './locks.ts';

/** The engine may ask what it remembers of things that nobody declares any more. */
export interface EngineMemory extends Memory {
  keys(): Iterable<string>;
}

/**
 * Where the engine's memory says that what it kept before is lost: `new` where nothing is there, and of a
 * damaged file the addresses that were allowed since to lose what an agent held on to. Whoever can say what
 * it kept does so, and removes the key.
 */
export const forgottenKey = 'forgotten';
export type Forgotten = 'new' | readonly string[];

/** What runs remember, for each owner apart: no type gets at what another, or the engine, remembers. */
export interface Memories {
  engine: EngineMemory;
  /** What the type of that name remembers. */
  of(type: string): Promise<Memory>;
}

/** Where things come from that the engine can't make itself; the composition root implements it. */
export interface World {
  /** The host that host types manage: this machine, or the lab's. */
  host: Host;
  /** Whether that host, and every target, is a stand-in. */
  lab?: true;
  /** What tells the lab from others. */
  labId?: string;
  /**
   * A connected client. `target` is the one the resource lives on, undefined when none of its kind is
   * declared. Called once per target and name; every call over the wire is told to `calls`.
   */
  connect(target: CatalogTarget | undefined, name: keyof Clients, calls: CallCounter): Promise<unknown>;
  /** Reads a secret. Throws a Failure that names the reference, never the value. */
  secret(ref: SecretRef): Promise<string>;
  /** A content source, open; `path` is relative to where the manifests were given. Undefined: not there. */
  source(path: string): Promise<FileHandle | undefined>;
  memory: Memories;
  /** Left out where nothing is changed, or nobody else can. */
  locks?: Locks;
  /** Where calls are counted that `secret` makes; those of clients too. Default: a new one per run. */
  calls?: CallLedger;
  /**
   * What tells the target apart as it really is (account, vCenter instance, the lab). Default: what the
   * target kind derives from the properties.
   */
  identify?(target: CatalogTarget): Promise<string>;
  /**
   * Secrets that a recording knows to be applied, as references by pointer: with it no secret is read to
   * plan. Undefined: read them and compare with memory.
   */
  appliedSecrets?(address: Address): Record<string, string>;
}
