import type { AnyResourceType, Registry, TargetKind } from '../engine/model/resource-type.ts';
import type { JsonSchema } from './schema/json-schema.ts';
import { languageVersion } from './sections/language.ts';
import { policySchema } from './sections/read-policy.ts';
import { requiresSchema } from './sections/requires.ts';
import { metaparameters } from './values/metaparameters.ts';

/** The JSON Schema (draft-07) of a whole manifest, for editors: completion, documentation, checks. */
export function manifestSchema(registry: Registry): JsonSchema {
  const types = [...registry.types.values()].sort(byName);
  const kinds = [...registry.targets.values()].sort(byName);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
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
      resources: resources(types),
    } as never,
    definitions: {
      ...shared,
      ...Object.fromEntries(types.map(type => [type.name, resource(type)])),
      ...Object.fromEntries(kinds.map(kind => [`target.${kind.name}`, target(kind)])),
      metaparameters: { properties: metaparameters },
    },
  };
}

/** The JSON Schema of a `module.yaml`. */
export function moduleSchema(registry: Registry): JsonSchema {
  const types = [...registry.types.values()].sort(byName);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'converge module',
    type: 'object',
    required: ['converge'],
    additionalProperties: false,
    properties: {
      converge: { const: languageVersion, description: 'Version of the manifest language.' },
      description: { type: 'string', description: 'What the module is for.' },
      parameters: {
        description: 'Name to JSON Schema; a parameter without `default` is required.',
        ...mapOrNothing({ $ref: 'http://json-schema.org/draft-07/schema#' }),
      },
      data: { description: 'The lowest layer of `data` inside the module.', type: ['object', 'null'] },
      resources: resources(types),
    } as never,
    definitions: {
      ...shared,
      ...Object.fromEntries(types.map(type => [type.name, resource(type)])),
      metaparameters: { properties: metaparameters },
    },
  };
}

const shared = {
  expression: { type: 'string', pattern: '\\$\\{', description: 'A CEL expression: `${params.size}`.' },
};

/** Names that are no type are modules, whose parameters an editor doesn't know. */
const resources = (types: AnyResourceType[]): JsonSchema => ({
  description: 'Type or module, title, properties of everything that is managed.',
  type: ['object', 'null'] as never,
  additionalProperties: mapOrNothing({ type: ['object', 'null'] }) as never,
  properties: Object.fromEntries(
    types.map(({ name, doc }) => [
      name,
      { description: doc, ...mapOrNothing({ $ref: `#/definitions/${name}` }) } as never,
    ]),
  ),
});

const byName = (a: { name: string }, b: { name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;

const mapOrNothing = (value: Record<string, unknown>) => ({
  type: ['object', 'null'],
  additionalProperties: value,
});

function resource({ schema, doc, select }: AnyResourceType): unknown {
  const own = plain(schema);
  const shared = Object.keys(metaparameters).map(name => [
    name,
    { $ref: `#/definitions/metaparameters/properties/${name}` },
  ]);
  const optional = (own.required ?? []).length === 0;
  return {
    ...own,
    ...(optional ? { type: ['object', 'null'] } : {}),
    description: doc,
    properties: {
      ...own.properties,
      ...Object.fromEntries(shared),
      ...(select && { select: forEditors(JSON.parse(JSON.stringify(select.schema))) as object }),
    },
  };
}

function target({ name, schema, doc }: TargetKind): unknown {
  const own = plain(schema);
  return { ...own, description: doc, properties: { type: { const: name }, ...own.properties } };
}

const plain = (schema: object): JsonSchema => {
  const body = forEditors(JSON.parse(JSON.stringify(schema))) as JsonSchema;
  return { ...body, properties: body.properties && withExpressions(body.properties) } as JsonSchema;
};

/** Any value may be an expression too, which for an editor is text. */
const withExpressions = (properties: Record<string, JsonSchema>): Record<string, JsonSchema> =>
  Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [
      name,
      schema.const === undefined ? orExpression(schema) : schema,
    ]),
  );

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
      'x-secret': true,
      ...(description === undefined ? {} : { description }),
    };
  }
  if (schema.type === 'string' && schema.const === undefined && schema.enum === undefined)
    copy.type = ['string', 'number', 'boolean'];
  return copy;
}
