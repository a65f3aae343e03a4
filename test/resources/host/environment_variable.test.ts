import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { apply } from '../../../src/engine/apply/apply.ts';
import type { CatalogResource } from '../../../src/engine/model/catalog.ts';
import { plan } from '../../../src/engine/plan/planner.ts';
import { followingPath } from '../../../src/io/search-path.ts';
import { environmentVariable } from '../../../src/resources/host/environment/environment_variable.ts';
import { cli, scratch } from '../../support/cli.ts';
import { folderHost } from '../../support/engine-host.ts';
import { catalogOf, declare, testRun, testWorld } from '../../support/engine-world.ts';
import { mistakesIn } from '../../support/mistakes.ts';

const variable = (name: string, value: string) => declare(`environment_variable:${name}`, { value });
const gone = (name: string) => declare(`environment_variable:${name}`, { value: 'x' }, { ensure: 'absent' });

describe('/etc/environment', () => {
  const before =
    '# by hand\nPATH="/bin:/usr/bin"\n export MODE=old # note\nNAME=\'a b\'\nMODE=other\nLC=\xe9\n';
  const setUp = async (text: string | undefined) => {
    const { host } = folderHost();
    await host.files.mkdir('/etc');
    if (text !== undefined) await host.files.writeAtomic('/etc/environment', Buffer.from(text, 'latin1'));
    const { searchPath } = followingPath(host);
    const world = testWorld({ host, connect: async () => searchPath });
    const converge = async (...resources: CatalogResource[]) => {
      const run = testRun([environmentVariable], world);
      const planned = await plan(catalogOf(resources), run, { engine: '1' });
      await apply(planned, run);
      return planned.resources.map(({ action }) => action);
    };
    const content = async () => (await host.files.read('/etc/environment'))?.toString('latin1');
    return { converge, content };
  };

  test.each<[string, CatalogResource, string]>([
    ['a new one goes to the end', variable('NEW', '1'), `${before}NEW="1"\n`],
    ['what the last line says is what counts', variable('MODE', 'other'), before],
    ['quotes and comments are not part of a value', variable('NAME', 'a b'), before],
    [
      'a changed one stands once, where it stood first',
      variable('MODE', 'new'),
      before.replace(' export MODE=old # note\n', 'MODE="new"\n').replace('MODE=other\n', ''),
    ],
    [
      'one that is gone is gone from all its lines',
      gone('MODE'),
      before.replace(' export MODE=old # note\n', '').replace('MODE=other\n', ''),
    ],
    ['one that is a part of another name', variable('MOD', 'x'), `${before}MOD="x"\n`],
  ])('%s', async (_, resource, after) => {
    const { converge, content } = await setUp(before);
    await converge(resource);
    expect(await content()).toBe(after);
    expect(await converge(resource)).toEqual(['none']);
  });

  test('several in one run, into a file that is not there', async () => {
    const { converge, content } = await setUp(undefined);
    await converge(variable('A', 'größe'), variable('B', ''));
    expect(await content()).toBe(Buffer.from('A="größe"\nB=""\n').toString('latin1'));
  });
});

test.each<[string, string, NodeJS.Platform, RegExp]>([
  ['PATH', '/bin', 'linux', /belongs to many/],
  ['path', 'C:\\', 'win32', /belongs to many/],
  ['A-B', 'x', 'linux', /can't be the name/],
  ['A=B', 'x', 'win32', /can't be the name/],
  ['A', 'a"b', 'linux', /holds/],
  ['A', 'a#b', 'linux', /holds "#"/],
  ['A', 'a\nb', 'win32', /holds/],
  ['A', '', 'win32', /no empty variables/],
])('%s=%j on %s is a mistake in what was given', (title, value, platform, message) => {
  expect(mistakesIn(environmentVariable, title, { value }, { platform, cwd: '/' })).toMatch(message);
});

test.each(['linux', 'windows'])('programs of the same run, and of later ones, have it on %s', async os => {
  const dir = await scratch();
  const [file, print] =
    os === 'windows'
      ? ['C:\\seen.txt', 'C:\\Windows\\System32\\cmd.exe, /c, "echo %GREETING%> seen.txt"']
      : ['/srv/seen.txt', '/bin/sh, -c, \'echo "$GREETING" > seen.txt\''];
  await writeFile(
    join(dir, 'site.yaml'),
    `converge: 1
requires: { os: ${os} }
resources:
  environment_variable:
    GREETING: { value: hello }
  exec:
    look:
      command: [${print}]
      cwd: ${os === 'windows' ? 'C:\\' : '/srv'}
      creates: ${file}
      require: environment_variable:GREETING
`,
  );
  const lab = ['--lab', join(dir, 'lab')];
  const seen = () => cli(dir, ['plan', 'site.yaml', '--detailed-exitcodes', ...lab]).then(({ code }) => code);
  const first = await cli(dir, ['apply', 'site.yaml', ...lab]);
  expect(first).toMatchObject({ code: 0 });
  const at = join(dir, 'lab', os === 'windows' ? 'windows/C/seen.txt' : 'host/srv/seen.txt');
  expect((await readFile(at, 'utf8')).trim()).toBe('hello');
  expect(await seen()).toBe(0);
  await rm(at);
  await cli(dir, ['apply', 'site.yaml', ...lab]);
  expect((await readFile(at, 'utf8')).trim()).toBe('hello');
});
