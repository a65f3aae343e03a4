import type { Ajv } from 'ajv';
import { type Diagnostic, given } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { AnyResourceType, Registry } from '../../engine/model/resource-type.ts';
import type { Clock } from '../../io/ports.ts';
import { sha256 } from '../../values/digest.ts';
import { type JsonSchema, valueSchema } from '../schema/json-schema.ts';
import { noKeywords } from '../schema/keywords.ts';
import { quoted } from '../syntax/scalar.ts';
import { mistakesOf } from './check-type.ts';
import { evaluateType } from './evaluate-type.ts';
import type { TypeSource } from './find-types.ts';

export interface LoadedTypes {
  /** With the user's types. */
  registry: Registry;
  /** Names of types that have a mistake, which was reported: using one is not a second mistake. */
  unusable: ReadonlySet<string>;
}

/**
 * Adds user's own types to the registry. This RUNS their code: whoever must not run what isn't verified
 * gives verified sources. One flat name space: a type named like another is a mistake, and then neither
 * of the user's is used.
 */
export async function loadTypes(
  sources: readonly TypeSource[],
  registry: Registry,
  clock: Clock,
  report: (diagnostic: Diagnostic) => void,
): Promise<LoadedTypes> {
  const unusable = new Set<string>();
  const types = new Map(registry.types);
  const first = new Map<string, TypeSource>();
  const named = new Set([...registry.types.keys(), ...sources.map(({ name }) => name)]);
  for (const source of sources) {
    const { name } = source;
    const other = first.get(name);
    const twice = registry.types.has(name) || other !== undefined;
    first.set(name, other ?? source);
    if (twice) {
      report(namedTwice(source, other));
      // One that is built in stays what it is.
      if (other) unusable.add(name);
      continue;
    }
    const type = await loadType(source, { registry, named, clock }, report);
    if (type) types.set(name, type);
    else unusable.add(name);
  }
  for (const name of unusable) types.delete(name);
  return { registry: { ...registry, types }, unusable };
}

function namedTwice({ name, file }: TypeSource, other: TypeSource | undefined): Diagnostic {
  const start = { line: 1, column: 1 };
  const text = other ? `there are two types ${quoted(name)}` : `the type ${quoted(name)} is built in`;
  return given('type-name', other ? text : `${file}: ${text}`, {
    at: { file, ...start },
    hint: 'give the file, and the type in it, another name',
    ...(other && { related: [{ message: 'the other one', at: { file: other.file, ...start } }] }),
  });
}

async function loadType(
  source: TypeSource,
  { registry, named, clock }: { registry: Registry; named: ReadonlySet<string>; clock: Clock },
  report: (diagnostic: Diagnostic) => void,
): Promise<AnyResourceType | undefined> {
  const evaluated = await evaluateType(source, clock, report);
  if (!evaluated) return undefined;
  const { exported } = evaluated;
  let mistakes: Diagnostic[];
  try {
    mistakes = mistakesOf(exported, source, registry, named);
  } catch (error) {
    // A getter may do anything.
    const at = { file: source.file, line: 1, column: 1 };
    mistakes = [given('bad-type', own`${source.file} can't be read: ${String(error)}`, { at })];
  }
  if (mistakes.length === 0) mistakes.push(...(await mistakesOfSchemas(exported as AnyResourceType, source)));
  for (const mistake of mistakes) report(mistake);
  if (mistakes.length > 0) return undefined;
  const type = exported as AnyResourceType;
  const digest = sha256(source.text);
  return Object.create(type, {
    // A name that the schema doesn't have is a mistake, unless the type says otherwise.
    schema: { value: { additionalProperties: false, ...type.schema }, enumerable: true },
    origin: { value: { file: source.file, digest }, enumerable: true },
  }) as AnyResourceType;
}

/** Whether what is to be JSON Schema is that at all, of draft-07; ajv is loaded only for this. */
async function mistakesOfSchemas(
  { schema, select }: AnyResourceType,
  { file }: TypeSource,
): Promise<Diagnostic[]> {
  const { makeAjv } = await import('../schema/ajv.ts');
  const ajv = makeAjv({ strict: false, validateFormats: false, logger: false });
  const own = mistakesOfSchema(ajv, 'schema', schema, file);
  return select && own.length === 0 ? mistakesOfSchema(ajv, 'select.schema', select.schema, file) : own;
}

function mistakesOfSchema(ajv: Ajv, name: string, schema: object, file: string): Diagnostic[] {
  const wrong = (message: string) =>
    given('bad-type', own`${file}: \`${name}\` is not a JSON Schema: ${message}`, {
      at: { file, line: 1, column: 1 },
      hint: own`draft-07: https://json-schema.org/draft-07`,
    });
  let plain: JsonSchema;
  try {
    plain = valueSchema(schema as never);
    if (ajv.validateSchema(plain) === false) {
      const { instancePath, message } = ajv.errors![0]!;
      return [wrong(`${instancePath || 'it'} ${message}`)];
    }
    ajv.compile(plain);
    return noKeywords(plain).map(({ pointer, keyword, instead }) => {
      const hint =
        instead === undefined ? 'it would never be looked at' : `write ${instead}, which says the same`;
      return { ...wrong(`${quoted(keyword)} at ${pointer} is not a keyword of draft-07`), hint };
    });
  } catch (error) {
    return [wrong((error as Error).message)];
  }
}
