import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { binary, cli, scratch } from '../support/cli.ts';
import { upload } from '../support/lab-bucket.ts';
import { webServer } from '../support/web-server.ts';
import { zip } from '../support/zip.ts';

let dir: string;
beforeEach(async () => {
  dir = await scratch();
});

test('in a lab, web and S3 are its own, and a second apply asks and changes nothing', async () => {
  await upload(join(dir, 'lab'), 'deployment-data', { 'web/app.bin': 'from S3' });
  await mkdir(join(dir, 'site/tools'), { recursive: true });
  await writeFile(join(dir, 'site/tools/cli.bin'), 'from the web');
  await writeFile(
    join(dir, 'site.yaml'),
    `converge: 1
resources:
  file:
    /srv/app: { kind: directory }
  download:
    /srv/app/app.bin: { url: s3://deployment-data/web/app.bin }
    /srv/app/cli.bin: { url: https://files.example.com/tools/cli.bin }
`,
  );
  const lab = ['--lab', join(dir, 'lab')];
  const missing = await cli(dir, ['apply', 'site.yaml', ...lab]);
  expect(missing.code).toBe(4);
  expect(missing.stderr + missing.stdout).toContain('converge lab site-content files.example.com DIR');
  expect((await cli(dir, ['lab', 'site-content', 'files.example.com', 'site', ...lab])).stdout).toContain(
    'answer',
  );
  const applied = await cli(dir, ['apply', 'site.yaml', ...lab]);
  expect(applied).toMatchObject({ code: 0 });
  const host = join(dir, 'lab/host/srv/app');
  expect(await readFile(join(host, 'app.bin'), 'utf8')).toBe('from S3');
  expect(await readFile(join(host, 'cli.bin'), 'utf8')).toBe('from the web');
  expect(await cli(dir, ['plan', 'site.yaml', '--detailed-exitcodes', ...lab])).toMatchObject({ code: 0 });
});

test('on Windows: an archive from S3, data beside it, its name and its programs; nothing the second time', async () => {
  await upload(join(dir, 'lab'), 'deployment-data', {
    'web.zip': zip([
      { name: 'web.config', content: '<configuration/>' },
      { name: 'bin\\App.dll', content: 'code' },
    ]),
    'app-data/lists/blocked.txt': 'one',
  });
  await writeFile(
    join(dir, 'site.yaml'),
    `converge: 1
requires: { os: windows }
resources:
  file:
    C:\\Deploy: { kind: directory }
    C:\\inetpub: { kind: directory }
    C:\\inetpub\\Web: { kind: directory }
  archive:
    C:\\inetpub\\Web: { source: C:\\Deploy\\web.zip, purge_old: true }
  download:
    C:\\Deploy\\web.zip: { url: s3://deployment-data/web.zip }
  s3_sync:
    C:\\inetpub\\Web\\App_Data: { from: s3://deployment-data/app-data, delete: true }
  hosts_entry:
    web.example.com: { address: 127.0.0.1 }
  env_path:
    C:\\Tools: {}
`,
  );
  const lab = ['--lab', join(dir, 'lab')];
  expect(await cli(dir, ['apply', 'site.yaml', ...lab])).toMatchObject({ code: 0 });
  const c = join(dir, 'lab/windows/C');
  const read = (path: string) => readFile(join(c, path), 'utf8');
  const names = await readdir(join(c, 'inetpub/Web'));
  expect(names.sort()).toEqual(['App_Data', 'bin', 'web.config']);
  expect(await read('Windows/System32/drivers/etc/hosts')).toContain('127.0.0.1\tweb.example.com\r\n');
  expect(await readdir(join(c, 'Deploy'))).toEqual(['web.zip']);
  expect(await cli(dir, ['plan', 'site.yaml', '--detailed-exitcodes', ...lab])).toMatchObject({ code: 0 });
});

test('plain http without a checksum is a mistake with its place', async () => {
  await writeFile(
    join(dir, 'site.yaml'),
    'converge: 1\nresources:\n  download:\n    /srv/a: { url: http://files.example.com/a }\n',
  );
  const { code, stderr } = await cli(dir, ['validate', 'site.yaml']);
  expect(code).toBe(1);
  expect(stderr).toContain('site.yaml:4');
  expect(stderr).toContain('allow_insecure: true');
});

test.each(['converge.js', 'converge.cjs'])('the %s that is shipped downloads over plain http', async file => {
  const web = await webServer();
  web.pages.set('/a', { body: 'one' });
  const checksum = `sha256:${createHash('sha256').update('one').digest('hex')}`;
  await writeFile(
    join(dir, 'site.yaml'),
    `converge: 1\nresources:\n  download:\n    ${dir}/a: { url: '${web.url}/a', checksum: '${checksum}' }\n`,
  );
  const built = join(import.meta.dirname, '../../dist', file);
  const ended = await binary(dir, [built, 'apply', 'site.yaml'], undefined, process.execPath);
  expect(ended).toMatchObject({ code: 0, stderr: expect.not.stringContaining('FAILED') });
  expect(await readFile(join(dir, 'a'), 'utf8')).toBe('one');
});
