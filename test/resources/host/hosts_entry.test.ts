import { describe, expect, test } from 'vitest';
import { apply } from '../../../src/engine/apply/apply.ts';
import type { CatalogResource } from '../../../src/engine/model/catalog.ts';
import { plan } from '../../../src/engine/plan/planner.ts';
import { hostsEntry } from '../../../src/resources/host/hosts/hosts_entry.ts';
import { folderHost } from '../../support/engine-host.ts';
import { catalogOf, declare, testRun, testWorld } from '../../support/engine-world.ts';
import { mistakesIn } from '../../support/mistakes.ts';

async function setUp(content: string | Buffer | undefined, platform: NodeJS.Platform = 'linux') {
  const { host: own } = folderHost();
  const host = {
    ...own,
    platform,
    ...(platform === 'win32' && { cwd: 'C:\\', env: { SystemRoot: 'C:\\Windows' } }),
  };
  const folder = platform === 'win32' ? 'c:/windows/system32/drivers/etc' : '/etc';
  await host.files.mkdir(folder, { recursive: true });
  if (content !== undefined) await host.files.writeAtomic(`${folder}/hosts`, Buffer.from(content));
  const world = testWorld({ host });
  const converge = async (...resources: CatalogResource[]) => {
    const run = testRun([hostsEntry], world);
    const planned = await plan(catalogOf(resources), run, { engine: '1' });
    const report = await apply(planned, run);
    return { actions: planned.resources.map(r => r.action), report, run };
  };
  const bytes = async () => (await host.files.read(`${folder}/hosts`))!;
  return { converge, bytes, text: async () => (await bytes()).toString() };
}

const entry = (host: string, address: string, ...aliases: string[]) =>
  declare(`hosts_entry:${host}`, { address, ...(aliases.length > 0 && { aliases }) });
const gone = (host: string, address: string, ...aliases: string[]) =>
  declare(`hosts_entry:${host}`, { address, ...(aliases.length > 0 && { aliases }) }, { ensure: 'absent' });

describe('one line', () => {
  const before =
    '# managed by hand\n127.0.0.1\tlocalhost\n\n10.0.0.5   db  old-db # primary\n::1 localhost web\n';
  test.each<[string, CatalogResource, string]>([
    ['a new name goes to the end', entry('web', '10.0.0.7', 'www'), `${before}10.0.0.7\tweb www\n`],
    ['a name with the right address is left as it is written', entry('DB', '10.0.0.5'), before],
    [
      'an alias joins its line, before the comment',
      entry('db', '10.0.0.5', 'sql'),
      before.replace('old-db # primary', 'old-db sql # primary'),
    ],
    [
      'a moved name leaves the other names of its line',
      entry('db', '10.0.0.6'),
      `${before.replace('10.0.0.5   db  old-db', '10.0.0.5  old-db')}10.0.0.6\tdb\n`,
    ],
    [
      'a gone name takes its line when nobody shares it',
      gone('localhost', '127.0.0.1'),
      before.replace('127.0.0.1\tlocalhost\n', ''),
    ],
    ['a gone name leaves the other family', gone('web', '10.0.0.7'), before],
    ['a gone name of IPv6', gone('web', 'fd00::1'), before.replace('localhost web', 'localhost')],
  ])('%s', async (_, resource, after) => {
    const { converge, text } = await setUp(before);
    await converge(resource);
    expect(await text()).toBe(after);
    expect((await converge(resource)).actions).toEqual(['none']);
  });
});

test('several entries are written at once', async () => {
  const { converge, text } = await setUp('127.0.0.1 localhost\n');
  const { run } = await converge(
    entry('a', '10.0.0.1'),
    entry('b', '10.0.0.2'),
    gone('localhost', '127.0.0.1'),
  );
  expect(await text()).toBe('10.0.0.1\ta\n10.0.0.2\tb\n');
  expect(run.events.filter(({ type }) => type === 'started')).toHaveLength(3);
});

test('line ends, a missing last one, a byte order mark and foreign letters stay', async () => {
  const before = Buffer.concat([
    Buffer.from([0xef, 0xbb, 0xbf]),
    Buffer.from('127.0.0.1 localhost # B'),
    Buffer.from([0xfc]), // ü as Windows writes it
    Buffer.from('ro\r\n10.0.0.9 x'),
  ]);
  const { converge, bytes } = await setUp(before, 'win32');
  await converge(entry('web', '10.0.0.7'));
  expect(await bytes()).toEqual(Buffer.concat([before, Buffer.from('\r\n10.0.0.7\tweb\r\n')]));
  await converge(entry('localhost', '127.0.0.1'), gone('web', '10.0.0.7'));
  expect(await bytes()).toEqual(Buffer.concat([before, Buffer.from('\r\n')]));
});

test('a new file has the line ends of its platform; UTF-16 is refused', async () => {
  const windows = await setUp(undefined, 'win32');
  await windows.converge(entry('web', '10.0.0.7'));
  expect(await windows.text()).toBe('10.0.0.7\tweb\r\n');
  const wide = Buffer.from('\ufeff127.0.0.1 localhost\r\n', 'utf16le');
  const refused = await setUp(wide, 'win32');
  const { report } = await refused.converge(entry('web', '10.0.0.7'));
  expect(report.results[0]!.diagnostic).toMatchObject({ code: 'hosts-encoding' });
  expect(await refused.bytes()).toEqual(wide);
});

test('a name that has two addresses keeps the declared one; IPv6 is compared by what it means', async () => {
  const { converge, text } = await setUp('10.0.0.1 web\n10.0.0.2 web\n0:0:0:0:0:0:0:1 web\n');
  const both = [
    entry('web', '10.0.0.2'),
    declare('hosts_entry:web on IPv6', { host: 'web', address: '::1' }),
  ];
  expect((await converge(...both)).actions).toEqual(['update', 'none']);
  expect(await text()).toBe('10.0.0.2 web\n0:0:0:0:0:0:0:1 web\n');
});

test('what is not an address and not a name are two mistakes', () => {
  expect(mistakesIn(hostsEntry, 'web 10.0.0.2', { address: '10.0.0' })).toBe(
    ": web 10.0.0.2 isn't a host name\n/address: 10.0.0 isn't an IP address",
  );
});
