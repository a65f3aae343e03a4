import type { Clock } from '../../../io/ports.ts';
import type { Inventory, ManagedObject } from '../inventory/inventory.ts';
import type { Session, Sessions } from '../inventory/sessions.ts';
import type { Ref, Value } from '../soap/vim.ts';
import type { Element } from '../soap/xml-reader.ts';
import type { Leases } from '../world/leases.ts';
import type { Machines } from '../world/machines.ts';
import type { Rules } from '../world/rules.ts';
import type { Tasks } from '../world/tasks.ts';

/** What the methods of the API work on. */
export interface Vcenter {
  clock: Clock;
  machines: Machines;
  inventory: Inventory;
  sessions: Sessions;
  tasks: Tasks;
  rules: Rules;
  leases: Leases;
  newId(): string;
  /** Resolves at the next change of anything, or when `ms` have passed, or the signal fires. */
  changed(ms: number | undefined, signal: AbortSignal): Promise<void>;
}

export interface Call {
  method: string;
  self: Ref;
  args: Element;
  session: Session | undefined;
  /** Fires when the client has gone away. */
  signal: AbortSignal;
  setCookie(value: string): void;
  /** Any object that the session can see: the inventory's, tasks, its own views and collectors. */
  find(object: Ref): ManagedObject | undefined;
}

/** A method with a session. Resolves to `returnval`; throws VimFault. */
export type Method = (
  vcenter: Vcenter,
  call: Call & { session: Session },
) => Promise<Value | undefined> | Value | undefined;
/** One of the few that need no session. */
export type OpenMethod = (vcenter: Vcenter, call: Call) => Promise<Value | undefined> | Value | undefined;
