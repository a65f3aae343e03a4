import { type Diagnostic, given } from '../../diagnostics/diagnostic.ts';
import { canonicalJson } from '../model/canonical.ts';
import type { Address, CatalogResource, Json } from '../model/catalog.ts';
import type { PlannedResource } from '../model/plan.ts';
import { child, nearest, valueAt } from '../model/pointer.ts';
import type { AnyResourceType } from '../model/resource-type.ts';
import type { Run } from '../model/run.ts';
import type { Subject } from '../model/subject.ts';
import { gradeField } from './grade-field.ts';

/** What a resource declared when it was last applied, by JSON pointer: only properties that have a grade. */
export type Protection = Record<string, Json>;

export const protectionKey = (address: Address): string => `protection:${address}`;

/**
 * A longer `schedule` leaves no trace in the world that a plan could compare with. So apply remembers what
 * was declared, and a plan warns of what protects less since. Without that memory it says nothing.
 */
export function lessProtected(
  run: Run,
  subjects: readonly Subject[],
  planned: ReadonlyMap<Address, PlannedResource>,
): Diagnostic[] {
  return subjects.flatMap(({ address, type, absent, declared }) => {
    const before = absent
      ? undefined
      : (run.world.memory.engine.get(protectionKey(address)) as Protection | undefined);
    if (before === undefined) return [];
    const now = protectionOf(type, declared.properties);
    // What the plan shows as a change is graded and guarded there.
    const shown = new Set(planned.get(address)!.fields.map(({ path }) => path));
    return [...new Set([...Object.keys(before), ...Object.keys(now)])].flatMap(path => {
      const field = { path, ...only('before', before[path]), ...only('after', now[path]) };
      if (shown.has(path) || gradeField(type, field) !== 'weakens') return [];
      const { places = new Map(), at } = declared as Partial<CatalogResource> & Subject['declared'];
      const name = path.slice(1).replaceAll('/', '.');
      const said = (value: Json | undefined) => (value === undefined ? 'nothing' : canonicalJson(value));
      const message = `\`${address}\` protects less than when it was last applied: \`${name}\` was ${said(before[path])} and is ${said(now[path])}`;
      const hint = 'nothing is blocked: apply makes it so, and does not say it again';
      return {
        ...given('protects-less', message, { address, at: nearest(places, path) ?? at, hint }),
        severity: 'warning' as const,
      };
    });
  });
}

/** After an apply: what those declare that are now as they were declared. */
export async function rememberProtection(run: Run, subjects: readonly Subject[]): Promise<void> {
  for (const { address, type, absent, declared } of subjects) {
    if (gradedPaths(type).length === 0) continue;
    const now = absent ? undefined : protectionOf(type, declared.properties);
    const before = run.world.memory.engine.get(protectionKey(address));
    if (canonicalJson([before ?? null]) !== canonicalJson([now ?? null]))
      await run.world.memory.engine.set(protectionKey(address), now);
  }
}

/** Pointers of the properties by which `after` protects less than `before`, as their schema grades them. */
export function weakenedBy(
  type: AnyResourceType,
  before: Record<string, Json>,
  after: Record<string, Json>,
): { path: string; before?: Json; after?: Json }[] {
  const [then, now] = [protectionOf(type, before), protectionOf(type, after)];
  return gradedPaths(type).flatMap(path => {
    const field = { path, ...only('before', then[path]), ...only('after', now[path]) };
    return gradeField(type, field) === 'weakens' ? [field] : [];
  });
}

function protectionOf(type: AnyResourceType, properties: Record<string, Json>): Protection {
  const declared = gradedPaths(type).map(path => [path, valueAt(properties, path) as Json | undefined]);
  return Object.fromEntries(declared.filter(([, value]) => value !== undefined)) as Protection;
}

const only = (name: string, value: Json | undefined) => (value === undefined ? {} : { [name]: value });

const known = new WeakMap<object, string[]>();

/** Pointers of all properties that say what weakens them. */
function gradedPaths({ schema }: AnyResourceType): string[] {
  const paths = known.get(schema) ?? [...pathsBelow(schema as Graded, '')];
  known.set(schema, paths);
  return paths;
}

interface Graded {
  properties?: Record<string, Graded>;
  'x-grade'?: unknown;
}

function* pathsBelow(schema: Graded, pointer: string): Generator<string> {
  if (schema['x-grade'] !== undefined) yield pointer;
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    yield* pathsBelow(property, child(pointer, name));
}
