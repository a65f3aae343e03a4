import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

const file = (name: string, reference: string) =>
  `    /srv/${name}: { content: "\${secret('${reference}')}" }\n`;

async function place(files: string, targets = 'dr: { type: aws, region: eu-west-1 }') {
  const dir = await scratch();
  await writeFile(join(dir, 'm.yaml'), `converge: 1\ntargets: { ${targets} }\nresources:\n  file:\n${files}`);
  await writeFile(join(dir, 'json'), '{"password":"from json","port":5432,"deep":{}}');
  const run = (...args: string[]) => cli(dir, [...args, '--lab', 'lab'], { env: { VALUE: 'a parameter' } });
  await run('lab', 'put-secret', 'ssm:/shop/db', '--from', 'env:VALUE');
  await run('lab', 'put-secret', 'secretsmanager:shop/db', '--from', 'file:json');
  return { dir, run, read: (name: string) => readFile(join(dir, 'lab/host/srv', name), 'utf8') };
}

test('are read in the call that needs them, once each, and counted', async () => {
  const { dir, run, read } = await place(
    file('a', 'ssm:/shop/db') +
      file('b', 'ssm:/shop/db:1') +
      file('c', 'secretsmanager:shop/db#password') +
      file('d', 'secretsmanager:shop/db#port') +
      file('e', 'secretsmanager:shop/db'),
  );
  await run('lab', 'fault', 'throttled', '--on', 'secrets', '--times', '2');
  const applied = await run('apply', 'm.yaml');
  expect(applied.code, applied.stderr).toBe(0);
  expect(await Promise.all(['a', 'b', 'c', 'd'].map(read))).toEqual([
    'a parameter',
    'a parameter',
    'from json',
    '5432',
  ]);
  expect(await read('e')).toBe(await readFile(join(dir, 'json'), 'utf8'));
  expect(applied.stdout).toContain('calls: dr 5 (2 retried)');
  expect((await run('plan', 'm.yaml', '--detailed-exitcodes')).code).toBe(0);
  await run('lab', 'put-secret', 'ssm:/shop/db', '--from', 'file:m.yaml');
  const changed = await run('plan', 'm.yaml', '--detailed-exitcodes', '--except', 'file:/srv/b');
  expect(changed.code).toBe(2);
});

test.each([
  ['ssm:/nowhere', undefined, 'has no parameter /nowhere'],
  ['ssm:/shop/db:9', undefined, 'no such version'],
  ['secretsmanager:nowhere', undefined, 'has no secret nowhere'],
  ['secretsmanager:shop/db#user', undefined, 'its JSON object has no user'],
  ['secretsmanager:shop/db#deep', undefined, 'neither text nor a number'],
  ['ssm:/shop/db', 'access-denied', 'Allow ssm:GetParameter'],
  ['ssm:/shop/db', 'kms-denied', 'Allow kms:Decrypt'],
  ['secretsmanager:shop/db', 'access-denied', 'Allow secretsmanager:GetSecretValue'],
  ['secretsmanager:shop/db', 'kms-denied', 'Allow kms:Decrypt'],
])('%s with %s: the run says %s', async (reference, fault, expected) => {
  const { run } = await place(file('a', reference));
  if (fault) await run('lab', 'fault', fault, '--on', 'secrets');
  const { code, stderr } = await run('apply', 'm.yaml');
  expect(code).toBe(4);
  expect(stderr).toContain(expected);
  expect(stderr).toContain('m.yaml:5');
  expect(stderr).not.toContain('from json');
});

test('of several aws targets an ARN names the region; else it is a mistake', async () => {
  const targets = 'a: { type: aws, region: eu-west-1 }, b: { type: aws, region: us-east-1 }';
  const arn = 'arn:aws:ssm:eu-west-1:123456789012:parameter/shop/db';
  const { run, read } = await place(file('a', `ssm:${arn}`), targets);
  const applied = await run('apply', 'm.yaml');
  expect(applied.code, applied.stderr).toBe(0);
  expect(await read('a')).toBe('a parameter');
  const other = await place(file('a', 'ssm:/shop/db'), targets);
  const { code, stderr } = await other.run('apply', 'm.yaml');
  expect(code).toBe(4);
  expect(stderr).toContain('several aws targets: a, b');
});

test('a target whose own key is behind itself is refused', async () => {
  const { run } = await place(
    file('a', 'ssm:/shop/db'),
    `dr: { type: aws, region: eu-west-1, access_key_id: x, secret_access_key: "\${secret('ssm:/key')}" }`,
  );
  expect((await run('apply', 'm.yaml')).stderr).toContain('is behind itself');
});

test('a value never comes from the command line', async () => {
  const { run } = await place(file('a', 'ssm:/shop/db'));
  const { code, stderr } = await run('lab', 'put-secret', 'ssm:/x', '--from', 'hunter2');
  expect(code).toBe(1);
  expect(stderr).not.toContain('hunter2');
});
