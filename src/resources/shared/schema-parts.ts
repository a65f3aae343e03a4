import Type, { type TSchemaOptions } from 'typebox';
import type { SecretRef } from '../../engine/model/catalog.ts';
import type { OnTarget } from '../../engine/model/schema-at.ts';

/** A property that takes only a reference to a secret, and is one in the hands of its type. */
export const secret = (options: TSchemaOptions = {}) =>
  Type.Unsafe<SecretRef>(Type.String({ ...options, 'x-secret': true }));

/** One of some words. */
export const oneOf = <const W extends readonly string[]>(words: W, options: TSchemaOptions = {}) =>
  Type.Unsafe<W[number]>(
    Type.Union(
      words.map(word => Type.Literal(word)),
      options,
    ),
  );

/**
 * Of a text that may be an `s3://` URL: it leads to the aws target that `awsTargetName` names beside it, or
 * to the only one.
 */
export const onAws = { 'x-on-target': { kind: 'aws', scheme: 's3' } satisfies OnTarget };

export const awsTargetName = Type.Optional(
  Type.String({
    description: 'Name of the aws target, where several are declared.',
    minLength: 1,
    'x-target': 'aws',
  }),
);
