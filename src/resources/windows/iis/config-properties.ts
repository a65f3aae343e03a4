import Type, { type Static } from 'typebox';
import type { SecretRef } from '../../../engine/model/catalog.ts';
import type { Rows } from '../../../windows/iis/config-rows.ts';
import { secret } from '../../shared/schema-parts.ts';

const scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean(), secret()]);
const row = Type.Record(Type.String(), Type.Union([scalar, Type.Array(Type.Record(Type.String(), scalar))]));

export const schema = Type.Object(
  {
    path: Type.Optional(
      Type.String({ description: 'A site or an application, `Site/app`; the whole server when left out.' }),
    ),
    section: Type.Optional(
      Type.String({
        description: 'The section, `system.webServer/security/ipSecurity`, when the title is only a name.',
        minLength: 1,
      }),
    ),
    commit: Type.Optional(
      Type.Union([Type.Literal('apphost'), Type.Literal('site'), Type.Literal('app')], {
        description:
          "Where it is written: applicationHost.config when left out, or the site's or application's web.config. One that an archive or Beanstalk brought is refused.",
      }),
    ),
    attributes: Type.Optional(
      Type.Record(Type.String(), scalar, { description: 'Attributes by name, `child.attribute` below one.' }),
    ),
    items: Type.Optional(
      Type.Array(row, { description: "Rows of the section's own collection, by attribute." }),
    ),
    collections: Type.Optional(
      Type.Record(Type.String(), Type.Array(row), { description: 'Rows of its other collections, by name.' }),
    ),
    key: Type.Optional(
      Type.Array(Type.String(), {
        description: 'What tells rows apart, for sections that converge does not know.',
        minItems: 1,
      }),
    ),
    mode: Type.Optional(
      Type.Union([Type.Literal('exact'), Type.Literal('at_least')], {
        description: 'Whether other rows are removed (`exact`, when left out) or left alone.',
      }),
    ),
    unlock: Type.Optional(
      Type.Boolean({
        description: 'Let the path have values of its own where the server has locked the section.',
      }),
    ),
  },
  { additionalProperties: false },
);

/** As written. */
export type ConfigProperties = Static<typeof schema>;

/** Rows by what tells them apart; the section's own ones are `items`. */
export interface ConfigState {
  attributes?: Record<string, string | SecretRef>;
  items?: Rows;
  collections?: Record<string, Rows>;
  unlocked?: boolean;
}
