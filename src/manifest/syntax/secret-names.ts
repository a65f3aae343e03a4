import type { Registry } from '../../engine/model/resource-type.ts';
import { type JsonSchema, valueSchema } from '../schema/json-schema.ts';
import { readExpression } from './expression.ts';

/** Tells whether a property of this name is likely to hold a secret, whatever it is in. */
export type NamesSecret = (name: string) => boolean;

const telling = /encrypted_?value|pass(word|wd|phrase)|pwd|secret|token|private[_-]?key|api[_-]?key/i;

/** Every property name that some schema marks `x-secret`, and names that speak for themselves. */
export function secretNames(registry: Registry): NamesSecret {
  const names = new Set<string>();
  for (const { schema } of [...registry.types.values(), ...registry.targets.values()])
    collect(valueSchema(schema), names);
  return name => names.has(name) || telling.test(name);
}

function collect(schema: JsonSchema, names: Set<string>): void {
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (holdsSecret(property)) names.add(name);
    collect(property, names);
  }
  for (const branch of schema.anyOf ?? []) collect(branch, names);
  for (const item of [schema.items ?? []].flat()) collect(item, names);
  if (typeof schema.additionalProperties === 'object') collect(schema.additionalProperties, names);
  for (const property of Object.values(schema.patternProperties ?? {})) collect(property, names);
}

/** Whether the value, or each value in a list or map of free names, has to be a secret. */
function holdsSecret(schema: JsonSchema): boolean {
  if (schema['x-secret']) return true;
  const branches = schema.anyOf ?? [];
  if (branches.some(holdsSecret)) return branches.every(branch => branch.type !== 'string');
  const inner = [schema.items ?? [], schema.additionalProperties ?? []].flat();
  return [...inner, ...Object.values(schema.patternProperties ?? {})].some(
    part => typeof part === 'object' && holdsSecret(part),
  );
}

/** A secret reference is not a secret, it only names one; any other text might be. */
export const mayBeSecret = (text: string): boolean => readExpression(text).kind !== 'secret';

/**
 * Where secrets may be in text that isn't YAML: after a telling name, up to the end of its line
 * and over the deeper indented lines that follow. Offsets `[from, to)`.
 */
export function likelySecrets(text: string, namesSecret: NamesSecret): [number, number][] {
  const masks: [number, number][] = [];
  let offset = 0;
  let deeperThan = -1;
  for (const line of text.split('\n')) {
    const indent = line.search(/\S/);
    if (indent > deeperThan && deeperThan !== -1) masks.push([offset, offset + line.length]);
    else if (indent !== -1) {
      deeperThan = -1;
      const start = literalAfterTellingName(line, namesSecret);
      if (start !== undefined) {
        masks.push([offset + start, offset + line.length]);
        deeperThan = indent;
      }
    }
    offset += line.length + 1;
  }
  return masks;
}

/** Where in a line a literal starts that a telling name announces. */
function literalAfterTellingName(line: string, namesSecret: NamesSecret): number | undefined {
  for (let colon = line.indexOf(':'); colon !== -1; colon = line.indexOf(':', colon + 1)) {
    const name = /([\w-]+)["']?\s{0,9}$/.exec(line.slice(Math.max(0, colon - 80), colon))?.[1];
    if (name === undefined || !namesSecret(name)) continue;
    const value = line.slice(colon + 1);
    if (!/^\s*["']?\$\{\s*secret\(\s*["'](env|file|ssm|secretsmanager):/.test(value))
      return colon + 1 + value.search(/\S|$/);
  }
  return undefined;
}
