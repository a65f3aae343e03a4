import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

const role = `  iam_role:
    gdh-reader: { may: reader, repository: s3://gdh-vm-replication/dr, trusted_by: [ec2.amazonaws.com]`;
const protection = `  bucket: { gdh-vm-replication: { versioning: true } }
  protected_vm:
    sql01: { repository: s3://gdh-vm-replication/dr, schedule: every 15 minutes }
`;
const manifest = (resources: string) => `converge: 1
targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: svc, password: "\${secret('env:NEVER_SET')}" }
  dr: { type: aws, region: eu-west-1 }
resources:
${resources}`;

test('a role that was made goes from any machine that has the repository, and is foreign to one without', async () => {
  const dir = await scratch();
  await writeFile(join(dir, 'first.yaml'), manifest(protection));
  await writeFile(join(dir, 'made.yaml'), manifest(`${protection}${role} }\n`));
  await writeFile(join(dir, 'gone.yaml'), manifest(`${protection}${role}, ensure: absent }\n`));
  await writeFile(join(dir, 'alone.yaml'), manifest(`${role}, ensure: absent }\n`));
  const apply = async (...args: string[]) => cli(dir, ['apply', ...args, '--lab']);
  const ok = async (...args: string[]) => {
    const { code, stdout, stderr } = await apply(...args);
    expect(code, `${args.join(' ')}\n${stdout}${stderr}`).toBe(0);
  };
  const allowed = ['--allow', 'iam_role:gdh-reader'];
  await ok('first.yaml');
  await ok('made.yaml');
  const foreign = await apply('alone.yaml', ...allowed, '--state', 'of-another-machine');
  expect([foreign.code, foreign.stdout + foreign.stderr]).toEqual([
    4,
    expect.stringMatching(/gdh-reader \(AROA\w+\) is left alone: there is no record that converge made it/),
  ]);
  await ok('gone.yaml', ...allowed, '--state', 'of-another-machine');
  await ok('made.yaml');
  await ok('alone.yaml', ...allowed);
});
