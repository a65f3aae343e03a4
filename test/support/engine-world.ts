import Type from 'typebox';
import { Failure, type SourceRange } from '../../src/diagnostics/diagnostic.ts';
import type {
  Catalog,
  CatalogResource,
  CatalogTarget,
  Json,
  Metaparameters,
  Reference,
} from '../../src/engine/model/catalog.ts';
import type { RunEvent } from '../../src/engine/model/events.ts';
import type {
  AnyResourceType,
  Asked,
  Observation,
  Outcome,
  Registry,
  ResourceType,
} from '../../src/engine/model/resource-type.ts';
import { type Run, startRun } from '../../src/engine/model/run.ts';
import type { EngineMemory, Memories, World } from '../../src/engine/model/world.ts';
import { folderHost } from './engine-host.ts';
import { given } from './made-up.ts';

let line = 0;
export const at = (file = 'site.yaml'): SourceRange => ({ file, line: ++line, column: 3 });

export const refs = (...addresses: string[]): Reference[] =>
  addresses.map(address => ({ address, at: at() }));

/** A declared resource as the manifest compiler would hand it over. */
export function declare(
  address: string,
  properties: Record<string, Json> = {},
  meta: Partial<Metaparameters> = {},
): CatalogResource {
  const colon = address.indexOf(':');
  const places = new Map(Object.keys(properties).map(key => [`/${key}`, at()]));
  return {
    address,
    type: address.slice(0, colon),
    title: address.slice(colon + 1),
    properties,
    meta: {
      ensure: 'present',
      require: [],
      before: [],
      notify: [],
      subscribe: [],
      noop: false,
      labels: [],
      ...meta,
    },
    at: at(),
    places,
  };
}

export const catalogOf = (resources: CatalogResource[], targets: CatalogTarget[] = []): Catalog => ({
  resources,
  targets,
  sources: new Map(),
});

export const registryOf = (...types: AnyResourceType[]): Registry => ({
  types: new Map(types.map(type => [type.name, type])),
  targets: new Map(),
});

/** One for all owners, so that a test sees what is remembered, whoever does. */
export function volatileMemory(): Memories & { entries: Map<string, unknown> } {
  const entries = new Map<string, unknown>();
  const memory: EngineMemory = {
    get: key => entries.get(key),
    keys: () => entries.keys(),
    async set(key, value) {
      if (value === undefined) entries.delete(key);
      else entries.set(key, value);
    },
  };
  return {
    entries,
    engine: memory,
    of: async () => memory,
  };
}

export function testWorld(overrides: Partial<World> = {}): World & { secrets: Record<string, string> } {
  const secrets: Record<string, string> = {};
  return {
    host: overrides.host ?? folderHost().host,
    secrets,
    memory: volatileMemory(),
    connect: async (_, name) => {
      throw new Failure(given('no-client', `there is no ${String(name)} here`));
    },
    secret: async ({ $secret }) => {
      const value = secrets[$secret];
      if (value === undefined) throw new Failure(given('no-secret', `the secret ${$secret} is not set`));
      return value;
    },
    source: async () => undefined,
    ...overrides,
  };
}

/** A run that keeps its events. */
export function testRun(
  types: AnyResourceType[],
  world: World = testWorld(),
  more: { signal?: AbortSignal; step?: (name: string) => Promise<void> } = {},
): Run & { events: RunEvent[] } {
  const events: RunEvent[] = [];
  const run = startRun({
    registry: registryOf(...types),
    world,
    listener: event => events.push(event),
    ...more,
  });
  return Object.assign(run, { events });
}

export interface ThingProperties {
  size?: number;
  tags?: string[];
  note?: string;
  settings?: Record<string, Json>;
  password?: Json;
  /** Another thing that must be there first. */
  inside?: string;
  /** A thing whose changes make `size` stale. */
  copies?: string;
}

/** A world of named things in memory, and the type that manages them. */
export interface Things {
  type: ResourceType<ThingProperties, Record<string, Json>>;
  objects: Map<string, Record<string, Json>>;
  /** Every call that reached the type, in order: `observe a,b`, `create a`. */
  log: string[];
  /** Called in each apply step; a throw or an outcome of its own replaces the change. */
  onApply?: (id: string, signal: AbortSignal) => Promise<Outcome | undefined>;
  onObserve?: (id: string) => Observation<Record<string, Json>> | undefined;
}

export function things(overrides: Partial<Things['type']> = {}): Things {
  const world: Things = {
    objects: new Map(),
    log: [],
    type: {
      name: 'thing',
      doc: 'A thing.',
      version: 1,
      schema: Type.Object({
        size: Type.Optional(Type.Number()),
        tags: Type.Optional(Type.Array(Type.String(), { 'x-unordered': true })),
      }),
      runs: { on: 'host' },
      realm: { name: 'things', concurrency: 4 },
      identity: (_, title) => title.toLowerCase(),
      provides: (_, id) => [`thing:${id}`],
      needs: ({ inside, copies }) => [
        ...(inside === undefined ? [] : [{ anyOf: [`thing:${inside}`] }]),
        ...(copies === undefined ? [] : [{ anyOf: [`thing:${copies}`], fresh: '/size' }]),
      ],
      desired: ({ inside: _, copies: __, ...rest }) => rest as Record<string, Json>,
      async observe(asked) {
        world.log.push(`observe ${asked.map(({ id }) => id).join(',')}`);
        return new Map(asked.map(({ id }) => [id, world.onObserve?.(id) ?? stateOf(world, id)]));
      },
      async apply(steps) {
        const outcomes = new Map<string, Outcome>();
        for (const step of steps) {
          world.log.push(`${step.kind} ${step.id}`);
          const other = await world.onApply?.(step.id, step.signal);
          if (!other && step.kind === 'delete') world.objects.delete(step.id);
          if (!other && step.kind !== 'delete') {
            const { password: _, ...visible } = step.should;
            world.objects.set(step.id, { ...world.objects.get(step.id), ...visible } as Record<string, Json>);
          }
          outcomes.set(step.id, other ?? { ok: true, numbers: { steps: 1 } });
        }
        return outcomes;
      },
      async refresh({ id }: Asked<ThingProperties>) {
        world.log.push(`refresh ${id}`);
        return { ok: true };
      },
      ...overrides,
    },
  };
  return world;
}

function stateOf(world: Things, id: string): Observation<Record<string, Json>> {
  const value = world.objects.get(id);
  return value ? { state: 'present', value } : { state: 'absent' };
}
