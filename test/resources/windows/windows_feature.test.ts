import { expect, test } from 'vitest';
import { windowsFeature } from '../../../src/resources/windows/software/windows_feature.ts';
import { converge } from '../../support/converge.ts';
import { declare } from '../../support/engine-world.ts';
import { windowsWorld } from '../../support/windows-world.ts';

async function start() {
  const made = await windowsWorld();
  return {
    ...made,
    converge: (...resources: ReturnType<typeof declare>[]) =>
      converge([windowsFeature], made.world, resources),
    programs: async () => (await made.lab.processes()).map(({ args, changed }) => [changed, args.join(' ')]),
  };
}

test('any number of features is one reading and one call', async () => {
  const { converge, programs } = await start();
  const { results } = await converge(
    declare('windows_feature:IIS-IPSecurity'),
    declare('windows_feature:compression', {
      names: ['IIS-HttpCompressionDynamic', 'IIS-HttpCompressionStatic'],
    }),
    declare('windows_feature:TelnetClient'),
  );
  expect(results).toEqual(['changed', 'changed', 'changed']);
  const changing = (await programs()).filter(([changed]) => changed);
  expect(changing).toHaveLength(1);
  expect(String(changing[0]![1]).match(/featurename/g)).toHaveLength(4);
});

test('a name that this Windows lacks costs the others nothing, and the nearest is named', async () => {
  const { converge, run } = await start();
  const { results, said } = await converge(
    declare('windows_feature:web', { names: ['IIS-IPSecurity', 'IIS-HttpCompresionDynamic'] }),
    declare('windows_feature:TelnetClient'),
  );
  expect(results).toEqual(['changed', 'failed']);
  expect(said).toMatchObject([
    {
      code: 'unknown-feature',
      message: 'this Windows has no feature IIS-HttpCompresionDynamic; the others were enabled',
      hint: expect.stringContaining('IIS-HttpCompressionDynamic'),
    },
  ]);
  const list = await run('dism', ['/online', '/english', '/get-features', '/format:table']);
  expect(list.stdout).toMatch(/IIS-IPSecurity +\| Enabled/);
});

test('what waits for a reboot is enabled, and the reboot is told', async () => {
  const { converge } = await start();
  const first = await converge(declare('windows_feature:Containers'));
  expect(first.report.results).toMatchObject([{ result: 'changed', note: 'a reboot is pending' }]);
  expect((await converge(declare('windows_feature:Containers'))).actions).toEqual(['none']);
});

test("names of Install-WindowsFeature are DISM's", async () => {
  const { converge } = await start();
  const { fields } = await converge(
    declare('windows_feature:web', { names: ['Web-Server', 'Web-IP-Security', 'Web-Dyn-Compression'] }),
  );
  expect(fields.map(({ path }) => path)).toEqual([
    '/features/IIS-HttpCompressionDynamic',
    '/features/IIS-IPSecurity',
    '/features/IIS-WebServer',
    '/features/IIS-WebServerRole',
  ]);
});

test('a feature whose files are not on the machine says where to get them', async () => {
  const { converge } = await start();
  const { said } = await converge(declare('windows_feature:NetFx3'));
  expect(said).toMatchObject([
    { message: expect.stringContaining('0x800f081f'), hint: expect.stringContaining('source') },
  ]);
});
