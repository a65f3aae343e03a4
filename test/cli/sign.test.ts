import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openStatement } from '../../src/masterless/trust/envelope.ts';
import { parsePublicKey } from '../../src/masterless/trust/keys.ts';
import { cli, scratch } from '../support/cli.ts';

const manifest = 'converge: 1\nresources: {}\n';

async function withKey() {
  const dir = await scratch();
  expect(await cli(dir, ['sign', '--new-key', 'deploy'])).toMatchObject({ code: 0 });
  await writeFile(join(dir, 'web.yaml'), manifest);
  return { dir, trusted: parsePublicKey(await readFile(join(dir, 'deploy.pub'), 'utf8'), 'deploy.pub') };
}
const arguments_ = ['sign', 'web.yaml', '--environment', 'customername-taupe', '--key', 'file:deploy.key'];

describe('sign', () => {
  test('--new-key makes a pair, the private half for its owner alone, and never writes over one', async () => {
    const dir = await scratch();
    const { stdout } = await cli(dir, ['sign', '--new-key', 'deploy']);
    expect(stdout).toMatch(/^key [0-9a-f]{16}: deploy\.key signs/);
    expect((await stat(join(dir, 'deploy.key'))).mode & 0o777).toBe(0o600);
    const before = await readFile(join(dir, 'deploy.pub'), 'utf8');
    expect(await cli(dir, ['sign', '--new-key', 'deploy'])).toMatchObject({ code: 1 });
    expect(await readFile(join(dir, 'deploy.pub'), 'utf8')).toBe(before);
  });

  test('writes the content under its name and a signature that the public key opens', async () => {
    const { dir, trusted } = await withKey();
    const { code, stdout } = await cli(dir, [...arguments_, '--sequence', '7']);
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('sequence 7') });
    expect(await readFile(join(dir, 'customername-taupe.yaml'), 'utf8')).toBe(manifest);
    const signature = await readFile(join(dir, 'customername-taupe.sig'));
    expect(openStatement(signature, 's', [trusted])).toMatchObject({
      environment: 'customername-taupe',
      name: 'customername-taupe.yaml',
      sequence: 7,
      bytes: manifest.length,
    });
  });

  test.each([
    ['9', 'as the default is'],
    ['999999999999', 'with --sequence 1000000000000 or more'],
  ])('a rollback over %s says how to go on: %s', async (upTo, how) => {
    const { dir } = await withKey();
    const flags = ['--sequence', '5', '--replaces-up-to', upTo];
    const { code, stderr } = await cli(dir, [...arguments_, ...flags]);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: `a rollback: instances take nothing else up to ${upTo}; sign what follows higher, ${how}\n`,
    });
  });

  test('--to puts both into the bucket', async () => {
    const { dir } = await withKey();
    await writeFile(
      join(dir, 'bucket.yaml'),
      'converge: 1\ntargets: { dr: { type: aws, region: eu-west-1 } }\nresources: { bucket: { cust-data: {} } }\n',
    );
    expect(await cli(dir, ['apply', 'bucket.yaml', '--lab'])).toMatchObject({ code: 0 });
    const { code, stdout } = await cli(dir, [...arguments_, '--to', 's3://cust-data/', '--lab']);
    expect(code).toBe(0);
    expect(stdout).toContain('customername-taupe.yaml and customername-taupe.sig are in s3://cust-data/');
  });

  test.each([
    ['no file', ['sign', '--environment', 'taupe', '--key', 'file:deploy.key'], 'FILE is missing'],
    ['no environment', ['sign', 'web.yaml', '--key', 'file:deploy.key'], '--environment is missing'],
    ['no key', ['sign', 'web.yaml', '--environment', 'taupe'], '--key is missing'],
    [
      'a key that is written out',
      ['sign', 'web.yaml', '--environment', 'taupe', '--key', 'MC4CAQ'],
      'env:NAME, file:PATH or credential:NAME',
    ],
    [
      'a public key',
      ['sign', 'web.yaml', '--environment', 'taupe', '--key', 'file:deploy.pub'],
      'holds a public key, and signing takes the private one',
    ],
    [
      'another kind of file',
      ['sign', 'deploy.pub', '--environment', 'taupe', '--key', 'file:deploy.key'],
      'neither a .yaml nor a .zip',
    ],
    [
      'an impossible environment',
      ['sign', 'web.yaml', '--environment', '../x', '--key', 'file:deploy.key'],
      'not a name of a Beanstalk environment',
    ],
    ['an impossible sequence', [...arguments_, '--sequence', '-1'], 'expected a whole number'],
    ['an impossible time', [...arguments_, '--expires', 'soon'], 'soon is not a duration'],
  ])('%s is told', async (_, args, message) => {
    const { dir } = await withKey();
    const { code, stderr } = await cli(dir, args);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
    expect(stderr).not.toContain('MC4CAQ');
  });
});
