import { expect, test } from 'vitest';
import { registry } from '../../../src/resources/registry.ts';
import { fixturesOf } from './fixtures.ts';
import { contractSuite } from './suite.ts';

/** No type can opt out: one without a fixture fails here. On a German Windows: german.heavy.ts. */
for (const type of registry.types.values()) {
  const fixtures = await fixturesOf(type);
  for (const { fixture, windows, only } of fixtures)
    contractSuite(type, fixture, windows && !only ? ' on Windows' : '');
  if (fixtures.length === 0)
    test(`the type ${type.name} has a fixture for the contract suite`, () => {
      expect.fail(
        `write test/engine/contract/fixtures/${type.name}.ts; test/support/contract.ts says what it exports`,
      );
    });
}
