import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { cli, scratch } from '../support/cli.ts';
import { upload } from '../support/lab-bucket.ts';
import { zip } from '../support/zip.ts';

let dir: string;
const lab = () => join(dir, 'lab');

beforeEach(async () => {
  dir = await scratch();
  await mkdir(join(dir, 'site'));
  expect((await cli(dir, ['lab', 'site-content', 'example.com', 'site', '--lab', lab()])).code).toBe(0);
  await upload(lab(), 'content', { 'there.zip': zip([{ name: 'a', content: 'a' }]) });
});

const declare = (resources: string) =>
  writeFile(
    join(dir, 'm.yaml'),
    `converge: 1\ntargets: { aws: { type: aws, region: eu-west-1 } }\nresources:\n${resources}`,
  );

async function plan() {
  const { code, stdout, stderr } = await cli(dir, ['plan', 'm.yaml', '--lab', lab(), '--format', 'json']);
  const { resources } = JSON.parse(stdout) as {
    resources: { address: string; action: string; reason?: string }[];
  };
  return { code, stderr, actions: Object.fromEntries(resources.map(one => [one.address, one.action])) };
}

it.each([
  ['download', '/d', '{ url: https://example.com/a.zip }', 'it is not there'],
  ['download', '/d', '{ url: s3://content/missing.zip }', 'there is no object s3://content/missing.zip'],
  ['download', '/d', '{ url: s3://nowhere/a.zip }', 'The bucket nowhere does not exist'],
  ['archive', '/srv/a', '{ source: /opt/a.zip }', '`path:/opt/a.zip`'],
  ['archive', '/srv/a', '{ source: s3://content/missing.zip }', 'there is no object'],
  ['s3_sync', '/srv/s', '{ from: s3://nowhere/p }', '`s3-bucket:nowhere`'],
  ['git_checkout', '/srv/g', '{ url: https://example.com/x.git }', 'https://example.com/x.git'],
  ['git_checkout', '/srv/g', `{ url: https://example.com/x.git, revision: ${'a'.repeat(40)} }`, 'x.git'],
  ['raw_image', '/srv/i', '{ vm: dc02, repository: s3://content/dr }', 'nothing in this plan brings it'],
])(
  '%s %s %s: the plan says that there is nothing to make it from, and where',
  async (type, title, how, said) => {
    await declare(`  ${type}:\n    ${title}: ${how}\n`);
    const { code, stderr, actions } = await plan();
    expect(actions).toEqual({ [`${type}:${title}`]: 'failed' });
    expect(stderr).toContain(said);
    expect(stderr).toContain('m.yaml:5:5');
    expect(stderr).toContain('hint:');
    expect(code).toBe(4);
    const applied = await cli(dir, ['apply', 'm.yaml', '--lab', lab()]);
    expect(applied.code).toBe(4);
  },
);

it('what is there, and what something pending brings, is promised and kept', async () => {
  await declare(`  bucket:
    fresh: {}
  download:
    /opt/there.zip: { url: s3://content/there.zip }
  archive:
    /srv/a: { source: /opt/there.zip }
  s3_sync:
    /srv/s: { from: s3://fresh/ }
`);
  const { code, stderr, actions } = await plan();
  expect(code, stderr).toBe(0);
  expect(actions).toMatchObject({
    'download:/opt/there.zip': 'create',
    'archive:/srv/a': 'create',
    's3_sync:/srv/s': 'create',
  });
  const applied = await cli(dir, ['apply', 'm.yaml', '--lab', lab()]);
  expect(applied, applied.stderr).toMatchObject({ code: 0 });
  expect((await plan()).actions).toMatchObject({ 'archive:/srv/a': 'none' });
});

it('a program that is named by require may bring what only its author knows', async () => {
  await declare(`  exec:
    build: { command: [/bin/true], creates: /opt/made }
  archive:
    /srv/a: { source: s3://content/missing.zip, require: exec:build }
`);
  expect((await plan()).actions).toMatchObject({ 'archive:/srv/a': 'create' });
});

it('what is to be absent needs no source', async () => {
  await declare('  archive:\n    /srv/a: { source: /opt/gone.zip, ensure: absent }\n');
  expect((await plan()).actions).toEqual({ 'archive:/srv/a': 'none' });
});

it('a server that may be well again by then is a warning', async () => {
  await declare('  download:\n    /d: { url: https://down.example.com/a.zip }\n');
  const { code, stderr, actions } = await plan();
  expect(actions).toEqual({ 'download:/d': 'create' });
  expect(stderr).toContain('warning[http-unavailable]');
  expect(code).toBe(0);
});
