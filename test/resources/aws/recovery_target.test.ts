import { join } from 'node:path';
import { EC2Client } from '@aws-sdk/client-ec2';
import { describe, expect, onTestFinished, test } from 'vitest';
import { machineLocks } from '../../../src/app/session/machine-locks.ts';
import { openRecovery } from '../../../src/aws/recovery/cloud.ts';
import { apply } from '../../../src/engine/apply/apply.ts';
import type { Locks } from '../../../src/engine/model/locks.ts';
import { plan } from '../../../src/engine/plan/planner.ts';
import { nodeHost } from '../../../src/io/node.ts';
import { openLab } from '../../../src/lab/lab.ts';
import { recoveryTarget } from '../../../src/resources/aws/recovery_target.ts';
import { templateName } from '../../../src/resources/aws/recovery-target-names.ts';
import { unhurried } from '../../recovery/fixture.ts';
import { apart } from '../../recovery/network.ts';
import { scratch } from '../../support/cli.ts';
import { catalogOf, declare, testRun, testWorld } from '../../support/engine-world.ts';
import { replicationClients } from '../../support/replication-clients.ts';

const name = templateName('web01');

/** One account, and machines with a folder for locks each, that know nothing of each other. */
async function account() {
  const dir = await scratch();
  const lab = await openLab(join(dir, 'lab'), { host: nodeHost(), seeded: false, lockTimeout: 0 });
  onTestFinished(() => lab.close());
  const { region, s3: credentials } = lab.settings;
  const { random } = nodeHost();
  const recovery = await openRecovery(
    {
      region,
      credentials,
      endpoint: lab.api.url,
      clock: unhurried,
      random,
    },
    new Map(),
  );
  onTestFinished(() => recovery.close());
  const ec2 = new EC2Client({ region, credentials, endpoint: lab.api.url });
  const { subnet, group } = await apart(ec2);
  ec2.destroy();
  const properties = {
    repository: 's3://dr/vms',
    instance_type: 'm6i.large',
    subnet,
    security_groups: [group],
    admin_cidrs: ['203.0.113.0/24'],
    license: 'byol',
    tenancy: 'dedicated',
  };
  const { connect } = replicationClients(new Map(), testWorld().secret);
  const at = { file: 'site.yaml', line: 1, column: 1 };
  const targets = [{ name: 'dr', type: 'aws', properties: { region }, at }];
  let machines = 0;
  const machine = () => {
    const own = machineLocks(nodeHost(), join(dir, `machine-${machines++}`), 0);
    /** @param hooks what happens between: before the object's lock is had, and before the write itself. */
    return async (
      instance_type: string | undefined,
      hooks: { locked?: () => Promise<unknown>; writing?: () => Promise<unknown> } = {},
    ) => {
      const locks: Locks = {
        async take(guarded, signal) {
          await hooks.locked?.();
          return own.take(guarded, signal);
        },
      };
      const world = testWorld({
        locks,
        connect: async (target, client, ...rest) =>
          client === 'recovery' ? recovery : connect(target, client, ...rest),
      });
      const run = testRun([recoveryTarget], world, { step: async () => void (await hooks.writing?.()) });
      const declared =
        instance_type === undefined
          ? declare('recovery_target:web01', properties, { ensure: 'absent' })
          : declare('recovery_target:web01', { ...properties, instance_type });
      const planned = await plan(catalogOf([declared], targets), run, { engine: '1.0.0' });
      const report = await apply(planned, run, { allow: ['recovery_target:web01'] });
      return report.results[0]!;
    };
  };
  const now = async () => (await recovery.templates.find(name))?.says.instance_type;
  return { machine, now };
}

const refused = { result: 'failed', diagnostic: { category: 'world', code: 'changed-meanwhile' } };

describe('of two machines that change one template, the second learns that it was overtaken', () => {
  test.each(['locked', 'writing'] as const)('a change, overtaken when it is %s', async when => {
    const { machine, now } = await account();
    const [first, second] = [machine(), machine()];
    expect(await first('m6i.large')).toMatchObject({ result: 'changed' });
    const result = await first('r6i.large', { [when]: () => second('c6i.large') });
    expect(result).toMatchObject(refused);
    expect(await now()).toBe('c6i.large');
    // What it is told to do is enough.
    expect(await first('r6i.large')).toMatchObject({ result: 'changed' });
    expect(await now()).toBe('r6i.large');
  });

  test.each(['locked', 'writing'] as const)('a creation, overtaken when it is %s', async when => {
    const { machine, now } = await account();
    const [first, second] = [machine(), machine()];
    expect(await first('r6i.large', { [when]: () => second('c6i.large') })).toMatchObject(refused);
    expect(await now()).toBe('c6i.large');
  });

  test('a removal of what the other has just changed', async () => {
    const { machine, now } = await account();
    const [first, second] = [machine(), machine()];
    await first('m6i.large');
    expect(await first(undefined, { locked: () => second('c6i.large') })).toMatchObject(refused);
    expect(await now()).toBe('c6i.large');
    expect(await first(undefined)).toMatchObject({ result: 'changed' });
    expect(await now()).toBe(undefined);
  });

  test('and when both want the same, neither fails', async () => {
    const { machine, now } = await account();
    const [first, second] = [machine(), machine()];
    const same = { locked: () => second('c6i.large') };
    expect(await first('c6i.large', same)).toMatchObject({ result: 'unchanged' });
    expect(await now()).toBe('c6i.large');
  });
});
