import Type, { type TSchemaOptions } from 'typebox';
import type { SecretRef } from '../../engine/model/catalog.ts';

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
