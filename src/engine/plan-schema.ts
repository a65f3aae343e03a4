import Type, { type TSchema } from 'typebox';

const place = Type.Object({ file: Type.String(), line: Type.Number(), column: Type.Number() });
const references = Type.Array(Type.Object({ address: Type.String(), at: place }));
const strings = Type.Array(Type.String());
const values = Type.Record(Type.String(), Type.Unknown());
const oneOf = (...names: string[]) => Type.Union(names.map(name => Type.Literal(name)));

const field = Type.Object({
  path: Type.String({ pattern: '^(/.*)?$' }),
  at: Type.Optional(place),
  reason: Type.Optional(Type.String()),
});

const resource = Type.Object({
  address: Type.String(),
  type: Type.String(),
  title: Type.String(),
  id: Type.String(),
  action: oneOf('none', 'create', 'update', 'delete', 'refresh', 'unknown', 'failed'),
  noop: Type.Boolean(),
  reason: Type.Optional(Type.String()),
  fields: Type.Array(field),
  dependsOn: strings,
  notifies: strings,
  properties: values,
  meta: Type.Object({
    ensure: oneOf('present', 'absent'),
    require: references,
    before: references,
    notify: references,
    subscribe: references,
    noop: Type.Boolean(),
    labels: strings,
    target: Type.Optional(Type.String()),
  }),
  fingerprint: Type.String(),
  at: place,
});

/** What a plan file must hold before anything in it is looked at; see `Plan`. */
export const planSchema: TSchema = Type.Object({
  converge_plan: Type.Literal(1),
  engine: Type.String(),
  types: Type.Record(Type.String(), Type.Number()),
  targets: Type.Array(
    Type.Object({
      name: Type.String(),
      type: Type.String(),
      identity: Type.String(),
      properties: values,
      at: place,
    }),
  ),
  resources: Type.Array(resource),
  sources: Type.Record(Type.String(), Type.String()),
  diagnostics: Type.Array(Type.Unknown()),
  digest: Type.String(),
});
