import { EC2Client } from '@aws-sdk/client-ec2';
import { expect, onTestFinished, test } from 'vitest';
import { askLaunch } from '../../src/app/recovery/ask-launch.ts';
import { recoveryOver } from '../../src/aws/recovery/cloud.ts';
import type { Ec2Fault } from '../../src/lab/ec2/world/faults.ts';
import { cloud } from '../recovery/fixture.ts';
import { apart } from '../recovery/network.ts';

/** An account that says to dry runs what each rule has it say. */
async function asked(...rules: Ec2Fault[]) {
  const aws = await cloud();
  const { region, s3: credentials } = aws.lab.settings;
  const ec2 = new EC2Client({ region, credentials, endpoint: aws.lab.api.url });
  const { subnet } = await apart(ec2);
  ec2.destroy();
  const recovery = recoveryOver(aws.connection);
  onTestFinished(() => recovery.close());
  for (const rule of rules) await aws.lab.command({ do: 'fault', on: 'ec2', rule: { ...rule } });
  return { recovery, subnet, ask: (types: string[]) => askLaunch(recovery, { types, subnets: [subnet] }) };
}

const capacity: Ec2Fault = { kind: 'capacity', type: 'm6i.large', as: 'dry-run', times: 100 };
const quota: Ec2Fault = {
  kind: 'refused',
  operation: 'RunInstances',
  code: 'VcpuLimitExceeded',
  as: 'dry-run',
};

test('what EC2 would do is allowed, and nothing is made', async () => {
  const { ask, recovery } = await asked();
  expect(await ask(['m6i.large'])).toMatchObject({ holds: true, why: 'ec2:RunInstances would be allowed' });
  expect(await recovery.machines.instances({ 'converge:run': 'readiness' })).toEqual([]);
});

test.for<[string, Ec2Fault, RegExp, string]>([
  [
    'no room',
    capacity,
    /^ec2:RunInstances is refused: InsufficientInstanceCapacity: /,
    'name `fallback` types or subnets',
  ],
  ['too few vCPUs', quota, /^ec2:RunInstances is refused: VcpuLimitExceeded: /, 'Service Quotas'],
  [
    'no permission',
    { kind: 'access-denied', operation: 'RunInstances' },
    /^ec2:RunInstances is refused: UnauthorizedOperation: /,
    'allow it',
  ],
  [
    'what it names is gone',
    { kind: 'refused', operation: 'RunInstances', code: 'InvalidKeyPair.NotFound', as: 'dry-run' },
    /^ec2:RunInstances is refused: InvalidKeyPair.NotFound: /,
    'correct what it names',
  ],
])('%s: it is refused, with what to do about it', async ([, rule, why, wayOut]) => {
  const { ask } = await asked(rule);
  expect(await ask(['m6i.large'])).toMatchObject({
    holds: false,
    why: expect.stringMatching(why),
    wayOut: expect.stringContaining(wayOut),
  });
});

test('another type is asked for where there is no room for the first; of a policy nothing more is asked', async () => {
  const { ask, subnet } = await asked(capacity);
  expect(await ask(['m6i.large', 'm6a.large'])).toMatchObject({
    holds: true,
    why: expect.stringContaining(
      `would be allowed; not m6i.large in ${subnet}: InsufficientInstanceCapacity`,
    ),
  });
  const none = await asked({ ...capacity, kind: 'capacity', type: 'm6a.large' }, capacity);
  expect(await none.ask(['m6i.large', 'm6a.large'])).toMatchObject({
    holds: false,
    why: expect.stringMatching(/m6i\.large in .*; m6a\.large in .*InsufficientInstanceCapacity/),
  });
  const denied = await asked({ kind: 'access-denied', operation: 'RunInstances', times: 1 });
  expect(await denied.ask(['m6i.large', 'm6a.large'])).toMatchObject({ holds: false });
});

test('a launch itself meets what was meant for launches alone', async () => {
  const { ask, recovery, subnet } = await asked({ kind: 'capacity', times: 1 });
  expect(await ask(['m6i.large'])).toMatchObject({ holds: true });
  const image = (await recovery.shells.newestLinux())!;
  const wanted = { image, type: 'm6i.large', subnet, groups: [], token: 'a launch', tags: {} };
  expect(await recovery.machines.run(wanted)).toMatchObject({ refused: 'no-room' });
});
