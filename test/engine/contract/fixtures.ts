import { existsSync } from 'node:fs';
import type { AnyResourceType } from '../../../src/engine/model/resource-type.ts';
import type { Fixture } from '../../support/contract.ts';

export interface FixtureOf {
  fixture: Fixture;
  /** Its world is a Windows host. */
  windows: boolean;
  /** There is no other platform for the type. */
  only: boolean;
}

/** A type of more than one platform has a fixture for each. */
export async function fixturesOf({ name, runs }: AnyResourceType): Promise<FixtureOf[]> {
  const only = runs.on === 'host' && runs.platforms?.every(platform => platform === 'win32') === true;
  const found: FixtureOf[] = [];
  for (const [file, windows] of [
    [`${name}.ts`, only],
    [`${name}.windows.ts`, true],
  ] as const) {
    const path = new URL(`fixtures/${file}`, import.meta.url);
    if (!existsSync(path)) continue;
    const { default: fixture } = (await import(path.href)) as { default: Fixture };
    found.push({ fixture, windows, only });
  }
  return found;
}
