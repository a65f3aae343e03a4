import Type from 'typebox';
import { expect, expectTypeOf, test } from 'vitest';
import type { Metaparameters, SecretRef, Window } from '../../../src/engine/model/catalog.ts';
import type { MetaparameterName } from '../../../src/engine/model/metaparameters.ts';
import type { BuiltInType, ResourceType } from '../../../src/engine/model/resource-type.ts';
import type { metaparameters } from '../../../src/manifest/values/metaparameters.ts';
import type { bucket } from '../../../src/resources/aws/bucket.ts';
import type { FileProperties } from '../../../src/resources/host/file.ts';
import { builtIn } from '../../../src/resources/registry.ts';
import { oneOf, secret } from '../../../src/resources/shared/schema-parts.ts';

/** Here the type checker is the test: each `@ts-expect-error` fails it when the line below is right. */
const schema = Type.Object({
  size: Type.Integer(),
  color: Type.Optional(oneOf(['red', 'green'])),
  password: Type.Optional(secret()),
});

const never = () => {
  throw new Error('only types are looked at');
};

const thing: BuiltInType<typeof schema, { size: number }> = {
  name: 'thing',
  doc: 'A thing.',
  version: 1,
  schema,
  runs: { on: 'host' },
  realm: { name: 'things', concurrency: 1 },
  identity: (_, title) => title,
  desired: ({ size }) => ({ size }),
  observe: never,
  apply: never,
};

test('the properties of a type are what its schema says', () => {
  type Properties = Parameters<typeof thing.desired>[0];
  expectTypeOf<Properties['size']>().toEqualTypeOf<number>();
  expectTypeOf<Properties['color']>().toEqualTypeOf<'red' | 'green' | undefined>();
  expectTypeOf<Properties['password']>().toEqualTypeOf<SecretRef | undefined>();
  expectTypeOf<FileProperties['content']>().toEqualTypeOf<string | SecretRef | undefined>();
  expectTypeOf<Parameters<typeof bucket.desired>[0]['versioning']>().toEqualTypeOf<boolean | undefined>();
});

test('a type that takes its properties for something else does not compile', () => {
  const wrong: BuiltInType<typeof schema, { size: number }> = {
    ...thing,
    // @ts-expect-error a number is not text
    identity: ({ size }: { size: string }) => size,
    // @ts-expect-error there is no such property
    desired: ({ weight }) => ({ size: weight }),
  };
  const other: BuiltInType<typeof schema, { size: number }> = {
    ...thing,
    // @ts-expect-error a secret is a reference, and never text
    needs: ({ password }) => [{ anyOf: [password ?? 'none'] }],
    // @ts-expect-error the schema is the one that the type was written for
    schema: Type.Object({ size: Type.String() }),
  };
  expect([wrong.name, other.name]).toEqual(['thing', 'thing']);
});

test('a type that describes its properties beside its schema does not get into the registry', () => {
  const beside: ResourceType<{ size: string }, { size: number }> = {
    name: 'beside',
    doc: 'A thing.',
    version: 1,
    schema,
    runs: { on: 'host' },
    realm: { name: 'things', concurrency: 1 },
    identity: ({ size }) => size,
    desired: () => ({ size: 1 }),
    observe: never,
    apply: never,
  };
  // @ts-expect-error nothing holds its properties to what the schema says
  expect(builtIn(thing, beside)).toEqual([thing, beside]);
});

test('metaparameters are said once', () => {
  expectTypeOf<Metaparameters['ensure']>().toEqualTypeOf<'present' | 'absent'>();
  expectTypeOf<Window['from']>().toEqualTypeOf<string>();
  expectTypeOf<keyof typeof metaparameters>().toEqualTypeOf<MetaparameterName>();
  // @ts-expect-error a window without an end
  const window: Window = { from: '01:00' };
  // @ts-expect-error one that is not among them
  const name: MetaparameterName = 'colour';
  expect([window.from, name]).toEqual(['01:00', 'colour']);
});
