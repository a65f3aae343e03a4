import { CallLedger } from './calls.ts';
import type { Address } from './catalog.ts';
import type { Listener, RunEvent } from './events.ts';
import type { Memory } from './io.ts';
import { Redactor } from './redact.ts';
import type { Observation, Registry, Where } from './resource-type.ts';
import type { World } from './world.ts';

/** What one command shares between observing, planning and applying. */
export interface Run {
  registry: Registry;
  world: World;
  where: Where;
  signal: AbortSignal;
  redactor: Redactor;
  calls: CallLedger;
  /** What was last seen of each resource. */
  observed: Map<Address, Observation<object>>;
  /** SHA-256 (hex) of the content sources that were read, by path. */
  sources: Record<string, string>;
  /** Clients by target and name; one connection each. */
  clients: Map<string, Promise<unknown>>;
  /** What types remember, by type: read before a type is first called. */
  memories: Map<string, Memory>;
  /** What is done once per run, by name. */
  once: Map<string, Promise<unknown>>;
  /** Sends an event without secrets. */
  emit: Listener;
  /** Called before each durable side effect with its name; tests crash here. */
  step: (name: string) => Promise<void>;
}

export interface RunOptions {
  registry: Registry;
  world: World;
  listener?: Listener;
  signal?: AbortSignal;
  step?: (name: string) => Promise<void>;
  /** Default: a new one. */
  redactor?: Redactor;
}

/** A run begins with nothing observed and no client connected. */
export function startRun({
  registry,
  world,
  listener,
  signal,
  step,
  redactor = new Redactor(),
}: RunOptions): Run {
  return {
    registry,
    world,
    where: {
      platform: world.host.platform,
      cwd: world.host.cwd,
      ...(world.lab && { lab: true }),
      ...(world.labId !== undefined && { labId: world.labId }),
    },
    signal: signal ?? new AbortController().signal,
    redactor,
    calls: world.calls ?? new CallLedger(),
    observed: new Map(),
    sources: {},
    clients: new Map(),
    memories: new Map(),
    once: new Map(),
    emit: (event: RunEvent) => listener?.(event.type === 'planned' ? event : redactor.value(event)),
    step: step ?? (async () => {}),
  };
}
