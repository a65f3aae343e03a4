import { expect, test } from 'vitest';
import { registry } from '../../../src/resources/registry.ts';
import { compileText } from '../../manifest/fixture.ts';

async function mistakes(properties: string) {
  const { diagnostics } = await compileText(
    `targets: { home: { type: vsphere, url: 'https://vc', username: u, password: "\${secret('env:P')}" } }
resources:
  protected_vm:
    dc02: { repository: file:///dr, ${properties} }
`,
    { registry },
  );
  return diagnostics.map(({ message, hint, at }) => [at?.line, at?.column, `${message}; ${hint}`]);
}

test.each([
  ['schedule: every day at 02:00, timezone: Europe/Dublin, windows: [ { from: "22:00", to: "06:00" } ]'],
  ['schedule: "cron 0 2 * * mon-fri", rpo: 3d'],
])('%s', async properties => {
  expect(await mistakes(properties)).toEqual([]);
});

test.each([
  ['schedule: cron 0 0 31 2 *', 47, 'no date there is fits `0 0 31 2 *`: it would never run'],
  ['schedule: every day, windows: []', 67, '`windows`: expected at least 1 item'],
  ['schedule: every day, windows: [ { days: [], from: "22:00", to: "06:00" } ]', 77, 'at least 1 item'],
  ['schedule: every day, windows: [ { from: "25:00", to: "06:00" } ]', 77, 'a time of day such as 01:30'],
  ['schedule: every day, timezone: Dublin', 68, 'a time zone such as Europe/Dublin'],
  ['schedule: "cron 0 2 * * mon-fri", rpo: 2d', 76, "`rpo: 2d` can't be kept"],
])('%s is one mistake with its place', async (properties, column, message) => {
  expect(await mistakes(properties)).toEqual([[5, column, expect.stringContaining(message)]]);
});
