import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { registry } from '../../../src/resources/registry.ts';
import { inGerman } from '../../lab/windows/fixture.ts';
import type { Fixture } from '../../support/contract.ts';
import { contractSuite } from './suite.ts';

const german = (fixture: Fixture): Fixture => ({ ...fixture, start: () => inGerman(() => fixture.start()) });

/** No type can opt out: one without a fixture fails here. */
for (const type of registry.types.values()) {
  const path = new URL(`fixtures/${type.name}.ts`, import.meta.url);
  if (existsSync(path)) {
    const { default: fixture } = (await import(path.href)) as { default: Fixture };
    contractSuite(type, fixture);
    if (type.runs.on === 'host' && type.runs.platforms?.every(platform => platform === 'win32'))
      contractSuite(type, german(fixture), ' in German');
    // A type of more than one platform has a fixture for each.
    const onWindows = new URL(`fixtures/${type.name}.windows.ts`, import.meta.url);
    if (existsSync(onWindows)) {
      const { default: there } = (await import(onWindows.href)) as { default: Fixture };
      contractSuite(type, there, ' on Windows');
      contractSuite(type, german(there), ' on a German Windows');
    }
  } else {
    test(`the type ${type.name} has a fixture for the contract suite`, () => {
      expect.fail(
        `write test/engine/contract/fixtures/${type.name}.ts; test/support/contract.ts says what it exports`,
      );
    });
  }
}
