import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { registry } from '../../../src/resources/registry.ts';
import type { Fixture } from '../../support/contract.ts';
import { contractSuite } from './suite.ts';

/** No type can opt out: one without a fixture fails here. */
for (const type of registry.types.values()) {
  const path = new URL(`fixtures/${type.name}.ts`, import.meta.url);
  if (existsSync(path)) {
    const { default: fixture } = (await import(path.href)) as { default: Fixture };
    contractSuite(type, fixture);
    // A type of more than one platform has a fixture for each.
    const onWindows = new URL(`fixtures/${type.name}.windows.ts`, import.meta.url);
    if (existsSync(onWindows)) {
      const { default: there } = (await import(onWindows.href)) as { default: Fixture };
      contractSuite(type, there, ' on Windows');
    }
  } else {
    test(`the type ${type.name} has a fixture for the contract suite`, () => {
      expect.fail(
        `write test/engine/contract/fixtures/${type.name}.ts; test/support/contract.ts says what it exports`,
      );
    });
  }
}
