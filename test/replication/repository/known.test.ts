import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Diagnostic } from '../../../src/diagnostics/diagnostic.ts';
import { nodeHost } from '../../../src/io/node.ts';
import { knownRepositories } from '../../../src/replication/repository/known-repositories.ts';

const id = 'ab'.repeat(16);
const uuid = '5031b9c2-0000-4000-8000-000000000001';

async function folder() {
  const dir = await mkdtemp(join(tmpdir(), 'converge-known-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const told: Diagnostic[] = [];
  const open = () => knownRepositories(nodeHost(), join(dir, 'state'), one => told.push(one));
  return { state: join(dir, 'state'), file: join(dir, 'state/repositories.json'), told, open };
}

test('what is noted is read again by another command, from a file for its owner alone', async () => {
  const { state, file, open, told } = await folder();
  expect(await open().all()).toEqual([]);
  await open().note({ url: 's3://dr/vms/' }, { id, generations: { [uuid]: 3 } });
  await open().note({ url: 'S3://dr/vms' }, { id, proven: true, generations: { [uuid]: 2 } });
  expect(await open().at('s3://dr/vms')).toMatchObject({ id, proven: true, generations: { [uuid]: 3 } });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(state)).mode & 0o777).toBe(0o700);
  expect(told).toEqual([]);
});

test('many at once keep what each of the others noted', async () => {
  const { open } = await folder();
  const names = Array.from({ length: 8 }, (_, number) => `s3://dr/${number}`);
  await Promise.all(names.map(url => open().note({ url }, { id })));
  expect((await open().all()).map(({ url }) => url).sort()).toEqual(names);
});

test('what says nothing new is not written', async () => {
  const { file, open } = await folder();
  await open().note({ url: 's3://dr/vms' }, { id });
  const { ino } = await stat(file);
  await open().note({ url: 's3://dr/vms' }, { id });
  expect((await stat(file)).ino).toBe(ino);
});

test.each([
  ['half of it', '{"version":1,"repositories":['],
  ['another shape', '{"version":1,"repositories":[{"url":7}]}'],
  ['no object', 'null'],
])('a damaged file (%s) is warned of once and set aside by the next write', async (_, text) => {
  const { state, file, open, told } = await folder();
  await open().note({ url: 's3://dr/vms' }, { id });
  await writeFile(file, text);
  const known = open();
  expect(await known.all()).toEqual([]);
  expect(await known.at('s3://dr/vms')).toBeUndefined();
  expect(told).toMatchObject([{ code: 'state-damaged', severity: 'warning' }]);
  expect(await readFile(file, 'utf8')).toBe(text);
  await known.note({ url: 's3://dr/vms' }, { id });
  expect(await open().at('s3://dr/vms')).toMatchObject({ id });
  const aside = (await readdir(state)).filter(name => name.startsWith('repositories.json.damaged-'));
  expect(await Promise.all(aside.map(name => readFile(join(state, name), 'utf8')))).toEqual([text]);
  expect(told).toHaveLength(1);
});

test('one of a newer converge is left as it is', async () => {
  const { file, open } = await folder();
  await open().note({ url: 's3://dr/vms' }, { id });
  await writeFile(file, '{"version":2}');
  const newer = { diagnostics: [{ code: 'state-version', hint: expect.stringContaining('--state') }] };
  await expect(open().all()).rejects.toMatchObject(newer);
  await expect(open().note({ url: 's3://dr/other' }, { id })).rejects.toMatchObject(newer);
  expect(await readFile(file, 'utf8')).toBe('{"version":2}');
});

test('a file that others can change is not believed, nor is one that is too large or none', async () => {
  const { file, open } = await folder();
  await open().note({ url: 's3://dr/vms' }, { id });
  const refused = (message: RegExp) =>
    expect(open().at('s3://dr/vms')).rejects.toMatchObject({
      diagnostics: [{ severity: 'error', message: expect.stringMatching(message) }],
    });
  await chmod(file, 0o666);
  await refused(/others can/);
  await chmod(file, 0o600);
  await truncate(file, 33 * 2 ** 20);
  await refused(/repositories\.json.*(large|MiB)/);
  await rm(file);
  await symlink('/dev/zero', file);
  await refused(/repositories\.json/);
});
