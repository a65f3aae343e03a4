import type { TSchema } from 'typebox';
import { isScalar, stringify } from 'yaml';
import type { Documented } from '../../app/run/explain.ts';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import { wrap } from '../../diagnostics/wrap.ts';
import type { AnyResourceType, TargetKind } from '../../engine/model/resource-type.ts';
import type { Module } from '../../manifest/modules/module.ts';
import { type JsonSchema, valueSchema } from '../../manifest/schema/json-schema.ts';
import { systemName } from '../../manifest/sections/requires.ts';
import { metaparameters, moduleMetaparameters } from '../../manifest/values/metaparameters.ts';
import { describeProperties } from './describe-schema.ts';

const widthOf = (columns: number) => Math.max(40, Math.min(columns, 100));

/**
 * The documentation of a resource type, a module or a kind of target for a terminal `columns` wide.
 * Throws a Failure for an unknown name.
 */
export async function explainType(
  name: string,
  { registry, modules }: Documented,
  columns: number,
): Promise<string[]> {
  const width = widthOf(columns);
  const type = registry.types.get(name);
  if (type) return typeText(type, width);
  const target = registry.targets.get(name);
  if (target) return targetText(target, width);
  const module = await modules.load(name);
  if (typeof module === 'object') return moduleText(module, width);
  const message =
    module === 'broken'
      ? `the module ${name} has mistakes, which \`converge validate\` shows`
      : `there is no resource type, module or kind of target called ${name}`;
  const names = [...registry.types.keys(), ...modules.names, ...registry.targets.keys()];
  const hint = module === 'broken' ? undefined : suggest(name, names);
  throw new Failure(given('unknown-type', message, hint === undefined ? {} : { hint }));
}

/** All types, modules and kinds of targets in a line each, and what every resource takes. */
export async function explainAll({ registry, modules }: Documented, columns: number): Promise<string[]> {
  const width = widthOf(columns);
  const loaded = await Promise.all(modules.names.map(name => modules.load(name)));
  const described = loaded.flatMap(module =>
    typeof module === 'object' ? [[module.name, module.description] as const] : [],
  );
  const list = (title: string, entries: (readonly [string, string])[]) => {
    if (entries.length === 0) return [];
    const widest = Math.max(...entries.map(([name]) => name.length));
    const lines = entries.flatMap(([name, doc]) => {
      const [first = '', ...rest] = wrap(summary(doc), width, ' '.repeat(widest + 4));
      return [`  ${name.padEnd(widest)}  ${first.trimStart()}`, ...rest];
    });
    return [`${title}:`, ...lines, ''];
  };
  const docs = (all: Iterable<{ name: string; doc: string }>) =>
    [...all].map(({ name, doc }) => [name, doc] as const);
  return [
    ...list('Resource types', docs(registry.types.values())),
    ...list('Modules', described),
    ...list('Kinds of targets', docs(registry.targets.values())),
    'Every resource also takes:',
    ...describeProperties({ properties: metaparameters }, width),
    '',
    ...wrap(`A module takes of these: ${Object.keys(moduleMetaparameters).join(', ')}.`, width),
    ...wrap('`converge explain --type NAME` says more about each.', width),
  ];
}

const selection = (schema: TSchema): JsonSchema => ({ properties: { select: valueSchema(schema) } });

/** The first sentence. */
const summary = (doc: string): string => /^.*?\.(?=\s|$)/s.exec(doc)?.[0] ?? doc;

const text = (name: string, doc: string, width: number): string[] => [
  name,
  ...doc.split(/\n\s*\n/).flatMap(paragraph => ['', ...wrap(paragraph, width)]),
];

const listed = (what: string, lines: string[]) =>
  lines.length > 0 ? ['', `${what}:`, ...lines] : ['', `It has no ${what.toLowerCase()}.`];

const others = (names: string[], width: number): string[] => [
  '',
  ...wrap(`It also takes ${names.join(', ')}: see \`converge explain --type\`.`, width),
];

function typeText(type: AnyResourceType, width: number): string[] {
  const names = Object.keys(metaparameters).filter(
    name =>
      !(name === 'ensure' && type.canBeAbsent === false) && !(name === 'target' && type.runs.on === 'host'),
  );
  return [
    ...text(type.origin ? `${type.name} (${type.origin.file})` : type.name, type.doc, width),
    '',
    ...wrap(placeOf(type), width),
    ...listed('Properties', describeProperties(valueSchema(type.schema), width)),
    ...(type.select
      ? listed('Many of them by one', describeProperties(selection(type.select.schema), width))
      : []),
    ...others(names, width),
  ];
}

function placeOf({ runs, canBeAbsent, refresh, protects, apart }: AnyResourceType): string {
  const on =
    runs.on === 'remote'
      ? `It lives on a target of type ${runs.target}.`
      : `It is on the host${runs.platforms ? ` (${runs.platforms.map(systemName).join(', ')})` : ''}.`;
  return [
    on,
    canBeAbsent === false && "It can't be absent.",
    protects && 'It keeps data safe: deleting it weakens protection.',
    apart &&
      `Where it would be weakened by ${apart.map(name => `\`${name}\``).join(' or ')}, that alone is held back.`,
    refresh && 'It can be notified.',
  ]
    .filter(Boolean)
    .join(' ');
}

const targetText = ({ name, doc, schema }: TargetKind, width: number): string[] => [
  ...text(name, doc, width),
  ...listed('Properties', describeProperties(valueSchema(schema), width)),
];

function moduleText({ name, description, parameters, defaults, file }: Module, width: number): string[] {
  const written = new Map(
    [...defaults].flatMap(([parameter, node]) => {
      const value = isScalar(node) ? String(node.value) : stringify(node).trim();
      // What is null when left out is told by its description.
      return value === 'null' ? [] : [[parameter, value]];
    }),
  );
  return [
    ...text(name, description || 'A module.', width),
    '',
    ...wrap(`A module: ${file.name}`, width),
    ...listed('Parameters', describeProperties(parameters, width, '  ', written)),
    ...others(Object.keys(moduleMetaparameters), width),
  ];
}
