import type { AnyResourceType, Registry, TargetKind } from '../engine/model/resource-type.ts';
import type { JsonSchema } from './schema/json-schema.ts';
import { languageVersion } from './sections/language.ts';
import { policySchema } from './sections/read-policy.ts';
import { requiresSchema } from './sections/requires.ts';
import { formatPatterns } from './values/formats.ts';
import { metaparameters, moduleMetaparameters } from './values/metaparameters.ts';

const draft = 'http://json-schema.org/draft-07/schema#';

/** What an editor is told about a module: how it is used. */
export interface EditorModule {
  name: string;
  description: string;
  /** JSON Schema of all parameters. */
  parameters: JsonSchema;
}

/**
 * The JSON Schema (draft-07) of a whole manifest, for editors: completion, documentation, checks. It says all
 * in words of the standard, since validators refuse what they don't know: formats of ours are patterns,
 * annotations are left out.
 *
 * @param modules those that may be used; any other name below `resources` is a mistake
 */
export function manifestSchema(registry: Registry, modules: readonly EditorModule[]): JsonSchema {
  const types = [...registry.types.values()].sort(byName);
  const kinds = [...registry.targets.values()].sort(byName);
  const sorted = [...modules].sort(byName);
  return {
    $schema: draft,
    title: 'converge manifest',
    type: 'object',
    required: ['converge'],
    additionalProperties: false,
    properties: {
      converge: { const: languageVersion, description: 'Version of the manifest language.' },
      requires: requiresSchema,
      targets: {
        description: 'Named places that resources live on.',
        ...mapOrNothing({
          type: 'object',
          required: ['type'],
          properties: { type: { enum: kinds.map(({ name }) => name), description: 'Kind of target.' } },
          allOf: kinds.map(({ name }) => ({
            if: { properties: { type: { const: name } }, required: ['type'] },
            // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
            then: { $ref: `#/definitions/target.${name}` },
          })),
        }),
      },
      policy: policySchema,
      params: {
        description: 'Values with a name for this file: `${params.NAME}`.',
        type: ['object', 'null'],
      },
      data: {
        description: 'The lowest layer of `data`, below the files in data/.',
        type: ['object', 'null'],
      },
      resources: resources(types, sorted),
    } as never,
    definitions: {
      ...shared,
      ...Object.fromEntries(types.map(type => [type.name, resource(type)])),
      ...Object.fromEntries(sorted.map(module => [`module.${module.name}`, moduleUse(module)])),
      ...Object.fromEntries(kinds.map(kind => [`target.${kind.name}`, target(kind)])),
    },
  };
}

/** The JSON Schema of one resource type, with all that it refers to. */
export const typeSchema = (type: AnyResourceType): JsonSchema => ({
  $schema: draft,
  title: type.name,
  ...(resource(type) as JsonSchema),
  definitions: shared as never,
});

/** The JSON Schema of a `module.yaml`. It is beside `manifest.schema.json`, which has the resources. */
export const moduleSchema: JsonSchema = {
  $schema: draft,
  title: 'converge module',
  type: 'object',
  required: ['converge'],
  additionalProperties: false,
  properties: {
    converge: { const: languageVersion, description: 'Version of the manifest language.' },
    description: { type: 'string', description: 'What the module is for.' },
    parameters: {
      description: 'Name to JSON Schema; a parameter without `default` is required.',
      ...mapOrNothing({ $ref: draft }),
    },
    data: { description: 'The lowest layer of `data` inside the module.', type: ['object', 'null'] },
    resources: { $ref: 'manifest.schema.json#/properties/resources' },
  } as never,
};

/**
 * Of types and modules; for others `additionalProperties` says no, and an editor suggests the names that
 * there are.
 */
const resources = (types: AnyResourceType[], modules: readonly EditorModule[]): JsonSchema => ({
  description: 'Type or module, title, properties of everything that is managed.',
  type: ['object', 'null'] as never,
  additionalProperties: false,
  properties: Object.fromEntries([
    ...types.map(({ name, doc }) => [
      name,
      { description: doc, ...mapOrNothing({ $ref: `#/definitions/${name}` }) } as never,
    ]),
    ...modules.map(({ name, description }) => [
      name,
      { description, ...mapOrNothing({ $ref: `#/definitions/module.${name}` }) } as never,
    ]),
  ]),
});

const byName = (a: { name: string }, b: { name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;

function mapOrNothing(value: Record<string, unknown>) {
  return { type: ['object', 'null'], additionalProperties: value };
}

function resource({ schema, doc, select }: AnyResourceType): unknown {
  const own = plain(schema);
  return {
    ...own,
    ...orNothing(own),
    description: doc,
    properties: {
      ...own.properties,
      ...metaparameterRefs(Object.keys(metaparameters)),
      ...(select && { select: forEditors(JSON.parse(JSON.stringify(select.schema))) as object }),
    },
  };
}

/** A use of a module: what may be below a title. */
function moduleUse({ description, parameters }: EditorModule): unknown {
  const own = plain({ type: 'object', additionalProperties: false, ...parameters });
  return {
    ...own,
    ...orNothing(own),
    description,
    properties: { ...own.properties, ...metaparameterRefs(Object.keys(moduleMetaparameters)) },
  };
}

/** What needs no property may have no body. */
const orNothing = ({ required = [] }: JsonSchema) =>
  required.length === 0 ? { type: ['object', 'null'] } : {};

const metaparameterRefs = (names: string[]) =>
  Object.fromEntries(names.map(name => [name, { $ref: `#/definitions/metaparameter.${name}` }]));

function target({ name, schema, doc }: TargetKind): unknown {
  const own = plain(schema);
  return { ...own, description: doc, properties: { type: { const: name }, ...own.properties } };
}

const plain = (schema: object): JsonSchema => {
  const body = forEditors(JSON.parse(JSON.stringify(schema))) as JsonSchema;
  return { ...body, properties: body.properties && withExpressions(body.properties) } as JsonSchema;
};

/** Any value may be an expression too, which for an editor is text. */
function withExpressions(properties: Record<string, JsonSchema>): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [
      name,
      schema.const === undefined ? orExpression(schema) : schema,
    ]),
  );
}

function orExpression(schema: JsonSchema): JsonSchema {
  const { description } = schema;
  const inner = { ...schema };
  if (inner.properties) inner.properties = withExpressions(inner.properties);
  if (inner.items && !Array.isArray(inner.items)) inner.items = orExpression(inner.items);
  if (typeof inner.additionalProperties === 'object')
    inner.additionalProperties = orExpression(inner.additionalProperties);
  return {
    ...(description === undefined ? {} : { description }),
    anyOf: [inner, { $ref: '#/definitions/expression' }],
  };
}

/**
 * Editors see YAML's scalars, converge their source text: where a schema says string, an unquoted
 * number or boolean is right too. A secret shows the form of a reference.
 */
function forEditors(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(forEditors);
  if (typeof node !== 'object' || node === null) return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, forEditors(value)]));
  const schema = node as JsonSchema;
  if (schema['x-secret'] === true) {
    const { description } = schema;
    return {
      type: 'string',
      pattern: '^\\$\\{\\s*secret\\(.+\\)\\s*\\}$',
      ...(description === undefined ? {} : { description }),
    };
  }
  for (const key of Object.keys(copy)) if (key.startsWith('x-')) delete copy[key];
  if (typeof schema.format === 'string') {
    delete copy.format;
    if (formatPatterns.has(schema.format)) {
      const { description } = schema;
      const ref = { $ref: `#/definitions/format.${schema.format}` };
      return description === undefined ? ref : { description, allOf: [ref] };
    }
    if (standardFormats.has(schema.format)) copy.format = schema.format;
  }
  if (schema.type === 'string' && schema.const === undefined && schema.enum === undefined)
    copy.type = ['string', 'number', 'boolean'];
  return copy;
}

/** Those of draft-07. A type of the user may have others, which mean nothing to an editor. */
const standardFormats = new Set(
  (
    'date-time date time email idn-email hostname idn-hostname ipv4 ipv6 uri uri-reference iri iri-reference ' +
    'uri-template json-pointer relative-json-pointer regex'
  ).split(' '),
);

const expression = {
  type: 'string',
  pattern: '\\$\\{',
  description: 'A CEL expression: `${params.size}`.',
};

/** What types, modules and targets refer to. */
const shared = {
  expression,
  ...Object.fromEntries(
    [...formatPatterns].map(([name, pattern]) => [`format.${name}`, { type: 'string', pattern }]),
  ),
  ...Object.fromEntries(
    Object.entries(withExpressions(forEditors(metaparameters) as Record<string, JsonSchema>)).map(
      ([name, schema]) => [`metaparameter.${name}`, schema],
    ),
  ),
};
