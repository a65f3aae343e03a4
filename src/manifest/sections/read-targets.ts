import { isMap, isScalar, type Node } from 'yaml';
import type { Code } from '../../diagnostics/codes.ts';
import { type Diagnostic, given } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import type { Registry, TargetKind } from '../../engine/model/resource-type.ts';
import { type JsonSchema, valueSchema } from '../schema/json-schema.ts';
import { validatorFor } from '../schema/validator.ts';
import type { Declarations } from '../scope/declared.ts';
import { fault, nameAt, newReading, type Reading, resolved } from '../scope/reading.ts';
import type { Scope } from '../scope/scope.ts';
import { quoted } from '../syntax/scalar.ts';
import { keyText, placeOf, type SourceFile } from '../syntax/source-file.ts';
import { checkConstraints } from '../values/constraints.ts';
import { entriesOf } from '../values/entries.ts';
import { checkName } from '../values/map-names.ts';
import { readMap } from '../values/read-value.ts';

/** Reads `targets:` of one file into `into`. */
export async function readTargets(
  file: SourceFile,
  node: Node | null,
  registry: Registry,
  scope: Scope | undefined,
  into: Declarations,
  report: (diagnostic: Diagnostic) => void,
): Promise<void> {
  for (const { key, value } of entriesOf(file, node, '`targets`', 'named targets', report)) {
    const name = keyText(file, key) ?? '';
    const at = placeOf(file, key);
    const reading = newReading(file, `target ${quoted(name)}`, at, report, { scope });
    checkName(name, key, '', reading);
    const body = value && resolved(reading, value);
    if (!isMap(body)) {
      const kinds = [...registry.targets.keys()].join(', ');
      const message = `target ${quoted(name)}: expected a map with a \`type\` (${kinds}) and its properties`;
      report(given('wrong-kind', message, { at: value ? placeOf(file, value) : at }));
      into.incomplete = true;
      continue;
    }
    const kind = kindOfTarget(body, registry, reading);
    if (!kind) {
      into.incomplete = true;
      continue;
    }
    const schema = valueSchema(kind.schema);
    const read = readMap(body, withType(schema), '', reading);
    const { type: _, ...properties } = read;
    checkConstraints(properties, await validatorFor(schema), reading);
    if (reading.faults.size === 0)
      for (const { pointer, code, message, hint } of kind.check?.(properties) ?? []) {
        const place = reading.visits.get(pointer)?.at ?? at;
        fault(reading, pointer, code as Code, `${nameAt(reading, pointer)}: ${message}`, place, hint);
      }
    into.targets.push({ name, type: kind.name, properties, at });
  }
}

const withType = (schema: JsonSchema): JsonSchema => ({
  ...schema,
  properties: { ...schema.properties, type: { type: 'string' } },
});

function kindOfTarget(
  body: { items: { key: unknown; value: unknown }[] },
  registry: Registry,
  reading: Reading,
): TargetKind | undefined {
  const pair = body.items.find(({ key }) => isScalar(key) && key.value === 'type');
  const node = pair && resolved(reading, pair.value as Node);
  const kinds = [...registry.targets.keys()];
  if (!pair || !isScalar(node)) {
    const hint = `add \`type: ${kinds.join('` or `type: ')}\``;
    reading.report(
      given('missing-property', `${reading.subject}: the property \`type\` is missing`, {
        at: reading.at,
        hint,
      }),
    );
    return undefined;
  }
  const kind = registry.targets.get(String(node.value));
  if (kind) return kind;
  const text = String(node.value);
  const hint = suggest(text, kinds);
  const message = `${reading.subject}: there is no target type ${quoted(text)}`;
  const at = placeOf(reading.file, pair.value as Node);
  reading.report(given('unknown-target-type', message, { at, ...(hint ? { hint } : {}) }));
  return undefined;
}
