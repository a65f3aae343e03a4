import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { AnyResourceType } from '../../../src/engine/model/resource-type.ts';
import { registry } from '../../../src/resources/registry.ts';
import { type FixtureOf, fixturesOf } from './fixtures.ts';
import { checks, propertiesOf } from './suite.ts';

const page = join(import.meta.dirname, '../../../docs/contract.md');

const intro = `# The contract of resource types

<!-- Written by \`npx vitest run test/engine/contract/page.test.ts -u\` from the suite and its fixtures. -->

One suite (\`test/engine/contract\`) runs over every type that is built in; a type without a fixture fails it. Types that
run on Windows are checked a second time on a host that speaks German.

What is checked of each:
`;

interface Row {
  cells: string[];
  /** Why something can't be checked. */
  notes: string[];
}

async function rowOf(type: AnyResourceType, { fixture, windows, only }: FixtureOf): Promise<Row> {
  const world = await fixture.start();
  onTestFinished(() => world.close());
  const { orphan, secret, drift } = world;
  const name = `\`${type.name}\`${windows && !only ? ' on Windows' : ''}`;
  const where = type.runs.on === 'remote' ? type.runs.target : windows ? 'Windows' : 'host';
  const all = Object.keys(propertiesOf(type)).length;
  const notes = [
    ...Object.entries(fixture.undriftable).map(([key, why]) => `\`${key}\` can't drift: ${why}`),
    ...('none' in fixture.wrong ? [`no mistakes: ${fixture.wrong.none}`] : []),
    ...('none' in orphan ? [`no parent: ${orphan.none}`] : []),
    ...('none' in secret ? [`no secret: ${secret.none}`] : []),
  ];
  const yes = (is: boolean) => (is ? 'yes' : '-');
  const cells = [
    name,
    where,
    `${Object.keys(drift).length} of ${all}`,
    yes(type.canBeAbsent !== false),
    yes(!('none' in orphan)),
    yes(!('none' in secret)),
    yes(type.list !== undefined),
    type.runs.on === 'host' ? '-' : type.leased ? 'lease' : 'second look',
  ];
  return { cells, notes: notes.map(note => `- ${name}: ${note}`) };
}

test('docs/contract.md is the table of types and checks', async () => {
  const rows: Row[] = [];
  for (const type of registry.types.values())
    for (const one of await fixturesOf(type)) rows.push(await rowOf(type, one));
  rows.sort((a, b) => (a.cells[0]! < b.cells[0]! ? -1 : 1));
  const header = [
    'type',
    'runs on',
    'properties drifted',
    'absent',
    'parent',
    'secret',
    'listed',
    'other machines',
  ];
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  const lines = [
    intro,
    ...Object.values(checks).map(check => `- ${check}`),
    '\nEach type has all of them, but for what the table says:\n',
    line(header),
    line(header.map(() => '---')),
    ...rows.map(({ cells }) => line(cells)),
    '\nWhy something is not checked:\n',
    ...rows.flatMap(({ notes }) => notes),
  ];
  expect(rows.length).toBeGreaterThanOrEqual(registry.types.size);
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(page);
});
