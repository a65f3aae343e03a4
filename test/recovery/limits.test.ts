import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type EbsLimits, openRecovery } from '../../src/aws/recovery/cloud.ts';
import { ebsLimit } from '../../src/aws/recovery/snapshots.ts';
import { nodeHost } from '../../src/io/node.ts';
import { openLab } from '../../src/lab/lab.ts';
import { SNAPSHOT_BLOCK } from '../../src/recovery/model/snapshots.ts';
import { scratch } from '../support/cli.ts';

test('connections to one account and region share a limiter', async () => {
  const host = nodeHost();
  const lab = await openLab(join(await scratch(), 'lab'), { host, seeded: false, lockTimeout: 0 });
  onTestFinished(() => lab.close());
  const limits: EbsLimits = new Map();
  const open = async () => {
    const { region, s3: credentials } = lab.settings;
    const settings = { region, credentials, endpoint: lab.api.url, clock: host.clock, random: host.random };
    const recovery = await openRecovery(settings, limits);
    onTestFinished(() => recovery.close());
    return recovery;
  };
  const one = await open();
  const other = await open();
  await lab.command({ do: 'fault', on: 'ebs', rule: { kind: 'throttled', operation: 'PutSnapshotBlock' } });
  const bytes = Buffer.alloc(SNAPSHOT_BLOCK, 1);
  const digest = createHash('sha256').update(bytes).digest();
  const wanted = { gib: 1, description: 'one', tags: {}, timeout: 60 };
  for (const [n, { snapshots }] of [one, other].entries())
    await snapshots.put(await snapshots.start({ ...wanted, token: `token-${n}` }), 0, bytes, digest);
  expect([...limits.keys()]).toEqual([expect.stringMatching(/^\d{12}\/eu-west-1$/)]);
  // What one of them was refused halves what both may do.
  expect([...limits.values()].map(({ width }) => width)).toEqual([ebsLimit().width / 2]);
});
