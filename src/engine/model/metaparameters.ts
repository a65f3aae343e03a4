import Type, { type Static } from 'typebox';

const closed = { additionalProperties: false };
const { Optional } = Type;
const address = Type.String({ description: '`type:title`' });

/** See `SourceRange`. */
export const placeSchema = Type.Object(
  {
    file: Type.String(),
    line: Type.Integer({ minimum: 1 }),
    column: Type.Integer({ minimum: 1 }),
    endLine: Optional(Type.Integer()),
    endColumn: Optional(Type.Integer()),
  },
  { ...closed, description: 'A place in a manifest; columns in UTF-16 units.' },
);

const references = Type.Array(Type.Object({ address, at: placeSchema }, closed));

/** Engine-owned keys of a resource, as the engine has them: this is all that says what they are. */
export const metaSchema = Type.Object(
  {
    ensure: Type.Union([Type.Literal('present'), Type.Literal('absent')]),
    require: references,
    before: references,
    notify: references,
    subscribe: references,
    noop: Type.Boolean(),
    labels: Type.Array(Type.String()),
    target: Optional(Type.String()),
    protect: Optional(Type.Boolean()),
    timeout: Optional(Type.Integer({ description: 'Milliseconds that one call may take.' })),
    retry: Optional(
      Type.Object(
        {
          attempts: Type.Integer({ minimum: 0 }),
          wait: Optional(Type.Integer({ description: 'Milliseconds before the first.' })),
        },
        { ...closed, description: 'How often it is tried again.' },
      ),
    ),
    window: Optional(
      Type.Object(
        {
          days: Optional(Type.Array(Type.String())),
          from: Type.String(),
          to: Type.String(),
          timezone: Optional(Type.String()),
        },
        closed,
      ),
    ),
  },
  { description: 'Engine-owned keys of the resource.' },
);

/** Engine-owned keys that work today, as the engine has them. */
export type Metaparameters = Static<typeof metaSchema>;

/** Those that a manifest may say; `when` and `for_each` are done with before there is a resource. */
export type MetaparameterName = keyof Metaparameters | 'when' | 'for_each';
