import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { holdsPassword, withoutPasswords } from '../../src/diagnostics/url-passwords.ts';
import { cli, scratch } from '../support/cli.ts';

const refused = [
  'https://hunter2token@host/x.git',
  'https://user:hunter2@host/x.git',
  'HTTP://user:@host/',
  'ssh://git:hunter2@host/x.git',
  'ftp://me@host/a',
  'postgres://app:hunter2@db/shop',
  'https://h/x.zip?sv=1&sig=hunter2',
  'https://h/x.zip?AWSAccessKeyId=A&Signature=hunter2',
  'https://h/x.zip?X-Amz-Date=1&X-Amz-Signature=hunter2',
  'https://h/x.git?private_token=hunter2',
  'https://h/x.git?access_token=hunter2',
];
const taken = [
  'ssh://git@host/x.git',
  'git@host:x.git',
  'https://host/a@b',
  'https://host/?mail=a@b',
  's3://bucket/a@b',
  'file:///a@b',
  'https://h/x?design=a&signed=1',
  'https://h/?token=a',
  'mail me@host about https://host/',
];

test.each(refused)('%s holds a password or token', url => expect(holdsPassword(url)).toBe(true));
test.each(taken)('%s holds none', url => expect(holdsPassword(url)).toBe(false));

test.each([
  ['git clone https://hunter2@host/x', 'git clone https://*******@host/x'],
  // A placeholder of a hint, and nothing that looks like it.
  ['Write http://USER:PASSWORD@HOST:PORT into X.', 'Write http://USER:PASSWORD@HOST:PORT into X.'],
  ['http://USER:PASSWORD1@HOST', 'http://USER:*********@HOST'],
  ['http://USER:PASSWORD@x@HOST', 'http://USER:**********@HOST'],
  ['http://svc:PASSWORD@HOST', 'http://svc:********@HOST'],
  ['see https://u:a/b@h/ and postgres://u:p@h', 'see https://u:***@h/ and postgres://u:*@h'],
  ['see https://h/x?a=b&sig=hunter2&c=d.', 'see https://h/x?a=b&sig=*******&c=d.'],
  ['https://host/a@b and ssh://git@host', 'https://host/a@b and ssh://git@host'],
])('%s is shown as %s', (text, shown) => expect(withoutPasswords(text)).toBe(shown));

test.each([
  ['git_checkout', '{ url: "https://hunter2@host/x.git" }', '/url'],
  ['git_checkout', '{ url: "https://127.0.0.1:9/x.git?private_token=hunter2" }', '/url'],
  ['download', '{ url: "https://a:hunter2@host/x", checksum: "sha256:00" }', '/url'],
  ['environment_variable', '{ value: "http://a:hunter2@proxy:3128" }', '/value'],
  ['exec', '{ command: [git, clone, "https://hunter2@host/x.git"] }', '/command/2'],
])('a property of %s is refused at its place, and not shown', async (type, properties, pointer) => {
  const dir = await scratch();
  const title = type === 'environment_variable' || type === 'exec' ? 'PROXY' : join(dir, 'x');
  await writeFile(
    join(dir, 'm.yaml'),
    `converge: 1\nresources:\n  ${type}:\n    ${JSON.stringify(title)}: ${properties}\n`,
  );
  const { code, stdout, stderr } = await cli(dir, ['validate', 'm.yaml']);
  expect(code, stderr).toBe(1);
  expect(stdout + stderr).not.toContain('hunter2');
  if (type !== 'download') expect(stderr).toContain(`the URL at ${pointer} holds a password or token`);
});

test.each([
  ['points', '--repository', 'https://hunter2@host/x'],
  ['sign', 'x.yaml', '--to', 's3://a:hunter2@bucket/x'],
  ['adopt', 'vsphere', '--url', 'https://svc:hunter2@vcenter/'],
  ['init', '--vcenter', 'https://svc:hunter2@vcenter/'],
])('an option of %s is refused, and not shown', async (...args) => {
  const { code, stdout, stderr } = await cli(await scratch(), args);
  expect(code).toBe(1);
  expect(stderr).toContain('error[password-in-url]');
  expect(stdout + stderr).not.toContain('hunter2');
});
