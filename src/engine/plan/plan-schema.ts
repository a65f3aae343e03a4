import { type TSchema, Type } from 'typebox';
import { metaSchema as meta, placeSchema as place } from '../model/metaparameters.ts';

/** The published schema of a plan file (JSON Schema draft-07); `schemas/plan.schema.json` is made from it. */
const closed = { additionalProperties: false };
const Optional = Type.Optional;
const words = (...all: string[]) => Type.Union(all.map(word => Type.Literal(word)));
const listOf = (item: TSchema, description?: string) =>
  Type.Array(item, description === undefined ? {} : { description });

const digest = (description: string) => Type.String({ pattern: '^[0-9a-f]{64}$', description });
const address = Type.String({ description: '`type:title`' });
const properties = Type.Record(Type.String(), Type.Unknown(), {
  description: 'As written in the manifest; a secret is `{"$secret": "env:NAME"}`.',
});

const grade = words('strengthens', 'neutral', 'weakens');

const field = Type.Object(
  {
    path: Type.String({ pattern: '^(/.*)?$', description: 'JSON pointer of the property.' }),
    before: Optional(Type.Unknown()),
    after: Optional(Type.Unknown()),
    at: Optional(place),
    reason: Optional(Type.String({ description: "Why it differs, when the values don't say." })),
    grade: Optional(grade),
    apart: Optional(
      Type.Literal(true, {
        description:
          'Weakens protection: left out unless it is allowed, while the rest of the change is made.',
      }),
    ),
    diff: Optional(Type.String({ description: 'How the text differs that the values stand for.' })),
  },
  closed,
);

const resource = Type.Object(
  {
    address,
    type: Type.String(),
    title: Type.String(),
    id: Type.String({ description: "The real object's name; paths below the working directory from there." }),
    action: words('none', 'create', 'update', 'delete', 'refresh', 'unknown', 'failed'),
    noop: Type.Boolean({ description: 'Shown, never done.' }),
    reason: Optional(Type.String()),
    grade: Optional(grade),
    held: Optional(
      Type.Object(
        {
          until: Type.String({ format: 'date-time' }),
          by: Optional(address),
        },
        { ...closed, description: 'Outside its maintenance window when the plan was made.' },
      ),
    ),
    lookAgain: Optional(
      Type.Literal(true, {
        description: 'It depends on something pending: observed again once that has changed.',
      }),
    ),
    fields: listOf(field),
    shows: Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: 'Read-only values of the object as it is.' }),
    ),
    dependsOn: listOf(address),
    notifies: listOf(address),
    properties,
    meta,
    selectedBy: Optional(Type.String({ description: 'The selection that it came from.' })),
    select: Optional(Type.Unknown({ description: 'What it selects, when the target could not be asked.' })),
    object: Optional(Type.String({ description: 'Tells the real object from another of its name.' })),
    fingerprint: digest('Over the observed state that the decision rests on.'),
    at: place,
  },
  closed,
);

const selection = Type.Object(
  {
    address,
    type: Type.String(),
    title: Type.String(),
    properties,
    meta,
    select: Type.Unknown({ description: 'As written in the manifest.' }),
    members: listOf(
      Type.Object(
        {
          title: Type.String(),
          id: Type.String({ description: 'Tells the object apart whatever it is called.' }),
          resource: address,
        },
        closed,
      ),
      'By title; `resource` is one of the selection, or one that declares the object by itself.',
    ),
    joined: listOf(Type.String(), 'Not selected yet at the last apply.'),
    left: listOf(Type.String(), 'Selected at the last apply and no longer. Nothing is deleted.'),
    at: place,
  },
  closed,
);

const diagnostic = Type.Object(
  {
    code: Type.String(),
    severity: words('error', 'warning'),
    category: words('given', 'world', 'blocked'),
    message: Type.String(),
    hint: Optional(Type.String()),
    at: Optional(place),
    address: Optional(address),
    cause: Optional(Type.String({ description: 'What is behind it, when several resources may meet it.' })),
    related: Optional(listOf(Type.Object({ message: Type.String(), at: place }, closed))),
  },
  closed,
);

export const planSchema = Type.Object(
  {
    converge_plan: Type.Literal(1, { description: 'Version of the format.' }),
    engine: Type.String({ description: 'Version of converge that made it.' }),
    platform: Optional(Type.Literal('win32', { description: 'Of the host that it is for.' })),
    now: Optional(Type.String({ format: 'date-time', description: 'When the world was observed.' })),
    lab: Optional(Type.Literal(true, { description: 'Made in a lab, and for labs only.' })),
    lab_id: Optional(Type.String({ description: 'Which lab.' })),
    types: Type.Record(Type.String(), Type.Integer(), {
      description: 'Versions of the resource types used.',
    }),
    type_files: Optional(
      Type.Record(Type.String(), digest('Of the file.'), {
        description: 'SHA-256 of each type used that is not built in.',
      }),
    ),
    targets: listOf(
      Type.Object(
        {
          name: Type.String(),
          type: Type.String(),
          properties,
          at: place,
          identity: Type.String({
            description: 'Tells the real place apart; `unknown` if it did not answer.',
          }),
        },
        closed,
      ),
    ),
    policy: Optional(
      Type.Object(
        {
          max_changes: Optional(Type.Integer({ minimum: 0 })),
          max_deletes: Optional(Type.Integer({ minimum: 0 })),
        },
        closed,
      ),
    ),
    resources: listOf(resource, 'In dependency order, ties by address.'),
    selections: Optional(
      listOf(selection, 'What selections of many stood for; asked again before applying.'),
    ),
    sources: Type.Record(Type.String(), Type.String(), {
      description: 'SHA-256 of content sources by resource address.',
    }),
    diagnostics: listOf(diagnostic),
    digest: digest('Over what will be done and to what, without places, times and texts.'),
    integrity: digest('Over the whole plan without this member.'),
  },
  {
    ...closed,
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'converge plan',
  },
);
