import { join } from 'node:path';
import { AttachRolePolicyCommand, IAMClient, UntagRoleCommand } from '@aws-sdk/client-iam';
import { expect, it, onTestFinished } from 'vitest';
import { connectRoles } from '../../src/aws/iam/roles.ts';
import { nodeHost } from '../../src/io/node.ts';
import { openLab } from '../../src/lab/lab.ts';
import { policyOf } from '../../src/resources/aws/pilot/policies.ts';
import { unhurried } from '../recovery/fixture.ts';
import { type Exchange, judged, recorder } from './aws-recorder.ts';
import { describeWith, folder } from './s3-programs.ts';

const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});
const of = { repository: 's3://gdh-vm-replication/dr', images: 's3://gdh-vmimport/dr' };

/** All that this product ever asks of IAM, what is refused among it. */
async function everything(): Promise<Exchange[]> {
  const lab = await openLab(join(folder(), 'lab'), { host: nodeHost(), seeded: false, lockTimeout: 0 });
  onTestFinished(() => lab.close());
  const { region, s3: credentials } = lab.settings;
  const { url, exchanges } = await recorder(lab.api.url);
  const { random } = nodeHost();
  const roles = await connectRoles({ region, credentials, endpoint: url, clock: unhurried, random });
  const iam = new IAMClient({ region, credentials, endpoint: url, maxAttempts: 1 });
  onTestFinished(() => {
    roles.close();
    iam.destroy();
  });
  const name = 'converge-writer';
  expect(await roles.find(name)).toBeUndefined();
  const wanted = {
    name,
    trust,
    description: 'writes <points> & replicas',
    tags: { 'converge:role': 'writer' },
  };
  await roles.create(wanted);
  await roles.create(wanted);
  const document = policyOf({ may: 'writer', ...of }, { account: await roles.account(), region });
  await roles.putPolicy(name, 'converge', JSON.stringify(document));
  await iam.send(
    new AttachRolePolicyCommand({ RoleName: name, PolicyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }),
  );
  await roles.tag(name, { team: 'dr' });
  await iam.send(new UntagRoleCommand({ RoleName: name, TagKeys: ['team'] }));
  await roles.setTrust(name, trust);
  const [attached = ''] = (await roles.find(name))!.attached;
  expect(await roles.find(name)).toMatchObject({ policies: { converge: document } });
  expect(await roles.names()).toEqual([name]);
  await expect(roles.putPolicy(name, 'wrong', 'no JSON')).rejects.toThrow(/MalformedPolicyDocument|Syntax/);
  await expect(roles.remove(name)).rejects.toThrow(/DeleteConflict|must delete/);
  await roles.detach(name, attached);
  await roles.removePolicy(name, 'converge');
  await roles.removePolicy(name, 'converge');
  await roles.remove(name);
  await roles.remove(name);
  return exchanges;
}

const changed = (it: Exchange, side: 'request' | 'answer', from: string, to: string): Exchange => ({
  ...it,
  [side]: Buffer.from(Buffer.from(it[side], 'base64').toString().replaceAll(from, to)).toString('base64'),
});

describeWith('roles of IAM against AWS’s model', 'python3', ['-c', 'import botocore'], () => {
  it('every request and every answer is of the model; four mutations are not', async () => {
    const exchanges = await everything();
    expect(await judged(exchanges)).toEqual(
      ['AttachRolePolicy', 'CreateRole', 'DeleteRole', 'DeleteRolePolicy', 'DetachRolePolicy', 'GetRole']
        .concat([
          'GetRolePolicy',
          'ListAttachedRolePolicies',
          'ListRolePolicies',
          'ListRoles',
          'PutRolePolicy',
        ])
        .concat(['TagRole', 'UntagRole', 'UpdateAssumeRolePolicy'])
        .map(action => `iam:${action}`),
    );
    const one = (action: string, status = 200) =>
      exchanges.find(
        it =>
          it.status === status && Buffer.from(it.request, 'base64').toString().includes(`Action=${action}&`),
      )!;
    for (const [it, fault] of [
      [changed(one('CreateRole'), 'request', 'Tags.member.1', 'Tags.1'), '.member'],
      [changed(one('GetRole'), 'answer', 'RoleId', 'RoleID'), 'unknown element'],
      [changed(one('ListRolePolicies'), 'answer', 'ListRolePoliciesResult', 'Result'), 'in the answer'],
      [changed(one('GetRole', 404), 'answer', 'NoSuchEntity', 'NotFound'), 'not an error of it'],
    ] as const)
      await expect(judged([it])).rejects.toThrow(fault);
  }, 120_000);
});
