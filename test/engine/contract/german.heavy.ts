import { registry } from '../../../src/resources/registry.ts';
import { inGerman } from '../../lab/windows/fixture.ts';
import type { Fixture } from '../../support/contract.ts';
import { fixturesOf } from './fixtures.ts';
import { contractSuite } from './suite.ts';

const german = (fixture: Fixture): Fixture => ({ ...fixture, start: () => inGerman(() => fixture.start()) });

/** Programs of Windows answer in the language of the machine: no type may depend on that. */
for (const type of registry.types.values())
  for (const { fixture, windows, only } of await fixturesOf(type))
    if (windows) contractSuite(type, german(fixture), only ? ' in German' : ' on a German Windows');
