import type { TSchema } from 'typebox';
import { type Diagnostic, given } from '../../diagnostics/diagnostic.ts';
import { nearest, suggest } from '../../diagnostics/nearest.ts';
import type { Registry, ResourceType } from '../../engine/model/resource-type.ts';
import { notesOf, type OnTarget } from '../../engine/model/schema-at.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import { found, quoted } from '../syntax/scalar.ts';
import { metaparameters, reservedMetaparameters } from '../values/metaparameters.ts';
import type { TypeSource } from './find-types.ts';

type Part = { fits: (value: unknown) => boolean; expected: string; optional?: true };

const text: Part = {
  fits: value => typeof value === 'string' && value.trim() !== '',
  expected: 'text',
};
const call: Part = { fits: value => typeof value === 'function', expected: 'a function' };
const flag: Part = { fits: value => typeof value === 'boolean', expected: 'true or false', optional: true };
const properties: Part = {
  fits: value => Array.isArray(value) && value.every(name => typeof name === 'string'),
  expected: 'a list of names of properties',
  optional: true,
};
const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) > 0;

const isListOfNames = (value: unknown): boolean =>
  value === undefined || (Array.isArray(value) && value.every(name => typeof name === 'string'));

/** What a type is made of; `satisfies ResourceType` says the same to an editor. */
const parts: Record<keyof ResourceType, Part> = {
  name: text,
  doc: text,
  version: { fits: isCount, expected: 'a whole number from 1' },
  schema: { fits: isMap, expected: 'a JSON Schema' },
  runs: {
    fits: value =>
      isMap(value) && (value.on === 'host' || (value.on === 'remote' && typeof value.target === 'string')),
    expected: "`{ on: 'host' }` or `{ on: 'remote', target: … }`",
  },
  timeouts: {
    fits: value => isMap(value) && Object.values(value).every(isCount),
    expected: 'milliseconds by `observe`, `apply`, `refresh` and `grace`',
    optional: true,
  },
  realm: {
    fits: value =>
      isMap(value) &&
      typeof value.name === 'string' &&
      isCount(value.concurrency) &&
      [value.alsoDirties, value.alsoDirtiedBy].every(isListOfNames),
    expected: '`{ name: …, concurrency: 1 }`, and lists of names as `alsoDirties` and `alsoDirtiedBy`',
  },
  shows: {
    fits: value => isMap(value) && Object.values(value).every(doc => typeof doc === 'string'),
    expected: 'what each value is, by its name',
    optional: true,
  },
  protects: flag,
  leased: flag,
  canBeAbsent: flag,
  apart: properties,
  neededUnlessAbsent: properties,
  takesFrom: {
    fits: value => isMap(value) && Object.values(value).every(type => typeof type === 'string'),
    expected: 'names of types, by the property that is taken from a resource of theirs',
    optional: true,
  },
  readsMemoryOf: {
    fits: value => Array.isArray(value) && value.every(name => /^[a-z][a-z0-9_]*$/.test(name)),
    expected: 'a list of names of types',
    optional: true,
  },
  applyRefreshes: flag,
  identity: call,
  desired: call,
  observe: call,
  apply: call,
  check: { ...call, optional: true },
  provides: { ...call, optional: true },
  needs: { ...call, optional: true },
  claims: { ...call, optional: true },
  windows: { ...call, optional: true },
  findSource: { ...call, optional: true },
  list: { ...call, optional: true },
  toManifest: { ...call, optional: true },
  select: {
    fits: value => isMap(value) && isMap(value.schema) && typeof value.find === 'function',
    expected: '`{ schema: …, find }`',
    optional: true,
  },
  leftovers: {
    fits: value =>
      isMap(value) &&
      Array.isArray(value.of) &&
      value.of.every(name => /^[a-z][a-z0-9_]*$/.test(name)) &&
      typeof value.find === 'function',
    expected: '`{ of: [TYPE], find }`',
    optional: true,
  },
  diff: { ...call, optional: true },
  refresh: { ...call, optional: true },
};

/**
 * All that is wrong with what a type's file exports, each with its place; none when it can be used.
 * @param named all types that may be referred to, those whose files are beside this one too
 */
export function mistakesOf(
  exported: unknown,
  { name, file, text }: TypeSource,
  registry: Registry,
  named: ReadonlySet<string>,
): Diagnostic[] {
  const wrong = (message: string, key?: string, hint?: string) =>
    given('bad-type', `${file}: ${message}`, {
      at: { file, ...placeOfKey(text, key) },
      ...(hint !== undefined && { hint }),
    });
  if (!isMap(exported))
    return [wrong('it exports no type', undefined, 'write `export default { … } satisfies ResourceType`')];
  const unknown = Object.keys(exported).filter(key => !Object.hasOwn(parts, key));
  const meant = unknown.map(key => nearest(key, Object.keys(parts)));
  const mistakes = unknown.map(key =>
    wrong(`a type has no ${quoted(key)}`, key, suggest(key, Object.keys(parts))),
  );
  const missing = Object.entries(parts).filter(
    ([key, { optional }]) => exported[key] === undefined && !optional && !meant.includes(key),
  );
  if (missing.length > 0) {
    const names = missing.map(([key]) => quoted(key)).join(', ');
    const hint = missing.map(([key, { expected }]) => `${quoted(key)}: ${expected}`).join('; ');
    mistakes.push(wrong(`${names} ${missing.length === 1 ? 'is' : 'are'} missing`, undefined, `add ${hint}`));
  }
  for (const [key, { fits, expected }] of Object.entries(parts)) {
    const value = exported[key];
    if (value !== undefined && !fits(value))
      mistakes.push(wrong(`${quoted(key)}: expected ${expected}, found ${say(value)}`, key));
  }
  const { name: own, runs, schema } = exported as Partial<ResourceType>;
  if (parts.name.fits(own) && own !== name)
    mistakes.push(
      wrong(
        `the type is called ${quoted(own!)}, its file ${quoted(name)}`,
        'name',
        'give both the same name',
      ),
    );
  if (!/^[a-z][a-z0-9_]*$/.test(name))
    mistakes.push(
      wrong(
        `${quoted(name)} is not a name for a type`,
        'name',
        'use small letters, digits and `_`: my_type.ts',
      ),
    );
  if (parts.runs.fits(runs) && runs?.on === 'remote' && !registry.targets.has(runs.target))
    mistakes.push(
      wrong(
        `there is no kind of target ${quoted(runs.target)}`,
        'target',
        suggest(runs.target, registry.targets.keys()),
      ),
    );
  const { list, toManifest } = exported as Partial<ResourceType>;
  if ((list === undefined) !== (toManifest === undefined)) {
    const [has, lacks] = list === undefined ? ['toManifest', 'list'] : ['list', 'toManifest'];
    mistakes.push(wrong(`${quoted(has)} goes together with ${quoted(lacks)}`, has, `add ${quoted(lacks)}`));
  }
  if (isMap(schema))
    mistakes.push(...ofSchema(schema as JsonSchema, wrong), ...ofNotes(schema, registry, named, wrong));
  return mistakes;
}

/** It may be anything: a function, a circle, a bigint. */
const say = (value: unknown): string =>
  isMap(value)
    ? 'a map'
    : Array.isArray(value)
      ? 'a list'
      : typeof value === 'function'
        ? 'a function'
        : found(typeof value === 'number' ? value : String(value));

type Wrong = (message: string, key?: string, hint?: string) => Diagnostic;

function ofSchema({ type, properties }: JsonSchema, wrong: Wrong): Diagnostic[] {
  if (type !== 'object' || !isMap(properties)) {
    const hint = "a resource's properties are a map: { type: 'object', properties: { … } }";
    return [wrong('`schema` describes no map of properties', 'schema', hint)];
  }
  const engines = (name: string) =>
    Object.hasOwn(metaparameters, name) || reservedMetaparameters.includes(name);
  return Object.keys(properties)
    .filter(engines)
    .map(name => {
      const message = `a property can't be called ${quoted(name)}: that name is the engine's own`;
      return wrong(message, name, 'give it another name');
    });
}

/** What `x-ref`, `x-target` and `x-on-target` name has to be there. */
function ofNotes(schema: object, registry: Registry, named: ReadonlySet<string>, wrong: Wrong): Diagnostic[] {
  const kindsOf = (keyword: 'x-target' | 'x-on-target') =>
    [...new Set(notesOf(schema as TSchema, keyword).map(note => String((note as OnTarget).kind ?? note)))]
      .filter(kind => !registry.targets.has(kind))
      .map(kind =>
        wrong(`there is no kind of target ${quoted(kind)}`, keyword, suggest(kind, registry.targets.keys())),
      );
  const types = [...new Set(notesOf(schema as TSchema, 'x-ref').map(String))]
    .filter(type => !named.has(type))
    .map(type => wrong(`there is no resource type ${quoted(type)}`, 'x-ref', suggest(type, named)));
  return [...kindsOf('x-target'), ...kindsOf('x-on-target'), ...types];
}

/** Where a key is written, as far as one can tell without parsing. */
function placeOfKey(text: string, key: string | undefined): { line: number; column: number } {
  const line = text
    .split('\n')
    .findIndex(
      one => key !== undefined && new RegExp(`(^|[{,\\s])(async\\s+)?['"]?${key}['"]?\\s*[:(,]`).test(one),
    );
  return line < 0
    ? { line: 1, column: 1 }
    : { line: line + 1, column: text.split('\n')[line]!.indexOf(key!) + 1 };
}
