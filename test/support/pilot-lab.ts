import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EC2Client } from '@aws-sdk/client-ec2';
import { bucketApi } from '../../src/aws/buckets.ts';
import { connectRoles } from '../../src/aws/iam/roles.ts';
import { openRecovery } from '../../src/aws/recovery/cloud.ts';
import { connectS3 } from '../../src/aws/s3-client.ts';
import type { CatalogTarget } from '../../src/engine/model/catalog.ts';
import type { World } from '../../src/engine/model/world.ts';
import { nodeHost } from '../../src/io/node.ts';
import { openLab } from '../../src/lab/lab.ts';
import { unhurried } from '../recovery/fixture.ts';
import { KeptOwners } from './owner-records.ts';

/** An account of the lab's, with all that the types of a pilot light ask for. */
export async function pilotLab() {
  const dir = await mkdtemp(join(tmpdir(), 'converge-test-'));
  const lab = await openLab(join(dir, 'lab'), { host: nodeHost(), seeded: false, lockTimeout: 0 });
  const { region, s3: credentials } = lab.settings;
  const { random } = nodeHost();
  const settings = { region, credentials, endpoint: lab.api.url, clock: unhurried, random };
  const recovery = await openRecovery(settings, new Map());
  const roles = await connectRoles(settings);
  const s3 = await connectS3({ ...settings, endpoint: lab.s3.url });
  const ec2 = new EC2Client({ region, credentials, endpoint: lab.api.url });
  const owners = new KeptOwners();
  const clients: Record<string, unknown> = {
    recovery,
    iam: roles,
    s3: bucketApi(s3),
    owner_records: owners,
  };
  const connect: World['connect'] = async (_, name) => {
    if (!clients[name]) throw new Error(`no client ${name}`);
    return clients[name] as never;
  };
  const targets: CatalogTarget[] = [
    { name: 'dr', type: 'aws', properties: { region }, at: { file: 'site.yaml', line: 1, column: 1 } },
  ];
  return {
    lab,
    recovery,
    roles,
    buckets: clients.s3 as ReturnType<typeof bucketApi>,
    ec2,
    owners,
    connect,
    targets,
    async close() {
      ec2.destroy();
      recovery.close();
      roles.close();
      s3.close();
      await lab.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
