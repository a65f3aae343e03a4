import type { Node } from 'yaml';
import { type Diagnostic, given } from '../../diagnostics/diagnostic.ts';
import { nearest, suggest } from '../../diagnostics/nearest.ts';
import type { AnyResourceType } from '../../engine/model/resource-type.ts';
import { valueSchema } from '../schema/json-schema.ts';
import { validatorFor } from '../schema/validator.ts';
import type { DeclaredResource } from '../scope/declared.ts';
import { newReading } from '../scope/reading.ts';
import { quoted } from '../syntax/scalar.ts';
import { keyText, placeOf, type SourceFile } from '../syntax/source-file.ts';
import { amends } from '../values/amends.ts';
import { checkConstraints } from '../values/constraints.ts';
import { bodyOf, type Entry, entriesOf } from '../values/entries.ts';
import { checkName } from '../values/map-names.ts';
import { bodySchema, separate } from '../values/metaparameters.ts';
import { readMap } from '../values/read-value.ts';
import { addressOf, eachOf, isWanted, titleOf } from './expand.ts';
import type { Context } from './resource-context.ts';
import { useModule } from './use-module.ts';

/** Reads `resources:` of one file, a manifest or a module, into `context.into`. */
export async function readResources(file: SourceFile, node: Node | null, context: Context): Promise<void> {
  const { registry, unusable, modules, into, report } = context;
  for (const { key, value } of entriesOf(file, node, '`resources`', 'types', report)) {
    const name = keyText(file, key) ?? '';
    const type = registry.types.get(name);
    const module = type ? undefined : await modules.load(name);
    const titles = entriesOf(file, value, quoted(name), 'titles', report);
    if (module === 'broken' || unusable.has(name)) {
      into.incomplete = true;
      continue;
    }
    if (!type && !module) {
      const names = [...registry.types.keys(), ...modules.names];
      const hint = suggest(name, names);
      const message = `there is no resource type ${quoted(name)}`;
      report(given('unknown-type', message, { at: placeOf(file, key), ...(hint ? { hint } : {}) }));
      const meant = nearest(name, names) ?? name;
      for (const title of titles) into.spoiled.add(addressOf(context, meant, keyText(file, title.key) ?? ''));
      continue;
    }
    for (const title of titles)
      for (const each of eachOf(file, name, title, context)) {
        if (type) await readResource(file, type, title, each);
        else if (module) await useModule(file, module, title, each, readResources);
      }
  }
}

async function readResource(
  file: SourceFile,
  type: AnyResourceType,
  { key, value }: Entry,
  context: Context,
): Promise<void> {
  const at = placeOf(file, key);
  const wanted = isWanted(file, `${type.name}:${keyText(file, key)}`, value, context);
  const title = titleOf(file, type.name, key, context, wanted);
  if (title === undefined) return;
  const address = addressOf(context, type.name, title);
  const report = (diagnostic: Diagnostic) => context.report({ ...diagnostic, address });
  const reading = newReading(file, quoted(address), at, report, { scope: context.scope, lenient: !wanted });
  checkName(title, key, '', reading);
  const body = bodyOf(file, address, { key, value }, reading.report);
  const read = body ? readMap(body, bodySchema(type), '', reading) : {};
  const { properties, meta, select } = separate(read, reading);
  const validate = await validatorFor(valueSchema(type.schema));
  if (body) checkConstraints(properties, validate, reading);
  if (!wanted) return void context.into.leftOut.set(address, at);
  const traces: DeclaredResource['traces'] = new Map();
  const places: DeclaredResource['resource']['places'] = new Map();
  for (const [pointer, { origin, at, trace }] of reading.visits) {
    places.set(pointer, origin ?? at);
    if (trace) traces.set(pointer, trace);
  }
  const resource = {
    address,
    type: type.name,
    title,
    properties,
    meta,
    at,
    places,
    ...(select !== undefined && { select }),
  };
  const declared: DeclaredResource = {
    resource,
    type,
    valid: body !== undefined && reading.faults.size === 0,
    ...(reading.faults.size > 0 && {
      broken: { at: reading.faults, meant: body ? amends(properties, reading, validate) : [] },
    }),
    module: context.scope.module,
    inherited: [],
    traces,
  };
  context.into.resources.push(declared);
}
