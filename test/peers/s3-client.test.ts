import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DeletePublicAccessBlockCommand } from '@aws-sdk/client-s3';
import { expect, it, onTestFinished } from 'vitest';
import { bucketApi } from '../../src/aws/buckets.ts';
import { connectS3 } from '../../src/aws/s3-client.ts';
import { s3Store } from '../../src/aws/s3-store.ts';
import { apply } from '../../src/engine/apply/apply.ts';
import { plan } from '../../src/engine/plan/planner.ts';
import { bucket } from '../../src/resources/aws/bucket.ts';
import { s3Url } from '../../src/values/s3-url.ts';
import { diagnosticOf } from '../aws/fixture.ts';
import { locksObjects } from '../aws/object-lock-contract.ts';
import { erasesVersions, objectStoreContract } from '../aws/object-store-contract.ts';
import { InstantClock, realRandom, region } from '../lab/s3/fixture.ts';
import { catalogOf, declare, testRun, testWorld } from '../support/engine-world.ts';
import { KeptOwners } from '../support/owner-records.ts';
import { describeWith, folder, served } from './s3-programs.ts';

const keys = { accessKeyId: 'PEERKEY', secretAccessKey: 'peer/secret' };

/** Our client against a foreign server; `knows` says what that server cannot do. */
function ourClientAgainst(
  name: string,
  server: { url: string },
  knows: { publicAccessBlock: boolean; signatures: boolean; lifecycle: boolean },
) {
  async function connection(credentials = keys) {
    const made = await connectS3({
      region,
      endpoint: server.url,
      credentials,
      clock: new InstantClock(),
      random: realRandom,
    });
    onTestFinished(() => made.close());
    return made;
  }
  let count = 0;
  const newName = () => `converge-${count++}`;

  objectStoreContract(name, async () => {
    const made = await connection();
    const Bucket = newName();
    await bucketApi(made).create(Bucket);
    return s3Store(made, s3Url(Bucket, 'dr/vms'));
  });

  erasesVersions(async () => {
    const made = await connection();
    const Bucket = newName();
    await bucketApi(made).create(Bucket);
    return { connection: made, Bucket };
  });

  // moto answers GetObjectRetention with the object itself.
  if (knows.signatures)
    locksObjects(async () => {
      const made = await connection();
      const Bucket = newName();
      await bucketApi(made).create(Bucket);
      return { connection: made, Bucket };
    });

  it('makes a bucket, finds nothing to do, sees drift and deletes it', async () => {
    const made = await connection();
    const title = newName();
    const properties = {
      versioning: true,
      ...(knows.publicAccessBlock && { public_access: 'blocked' }),
      ...(knows.lifecycle && { lifecycle: { abort_incomplete_uploads: '7d' } }),
    };
    const owners = new KeptOwners();
    const converge = async (ensure: 'present' | 'absent' = 'present') => {
      const connect = async (_: unknown, name: string) =>
        name === 'owner_records' ? owners : bucketApi(made);
      const run = testRun([bucket], testWorld({ connect }));
      const target = {
        name: 'dr',
        type: 'aws',
        properties: { region },
        at: { file: 'm', line: 1, column: 1 },
      };
      const planned = await plan(
        catalogOf([declare(`bucket:${title}`, properties, { ensure })], [target]),
        run,
        { engine: '1.0.0' },
      );
      const report = await apply(planned, run, { allow: planned.resources.map(({ address }) => address) });
      return [planned.resources[0]?.action, report.results[0]?.diagnostic ?? planned.diagnostics[0]];
    };
    expect(await converge()).toEqual(['create', undefined]);
    expect(await converge()).toEqual(['none', undefined]);
    if (knows.publicAccessBlock)
      await made.client.send(new DeletePublicAccessBlockCommand({ Bucket: title }));
    await bucketApi(made).setVersioning(title, false);
    expect(await converge()).toEqual(['update', undefined]);
    await s3Store(made, s3Url(title)).put('k', Buffer.from('x'), {
      when: { ifNoneMatch: '*' },
    });
    const [, refused] = await converge('absent');
    expect(refused).toMatchObject({ code: 'bucket-not-empty' });
  });

  it('says what is wrong', async () => {
    const store = s3Store(await connection(), s3Url('never-made'));
    expect((await diagnosticOf(store.get('k'))).code).toBe('bucket-not-found');
    if (!knows.signatures) return;
    const stranger = s3Store(await connection({ ...keys, secretAccessKey: 'guessed' }), s3Url('never-made'));
    expect((await diagnosticOf(stranger.get('k'))).code).toBe('aws-wrong-credentials');
  });
}

describeWith('our S3 client against VersityGW', 'versitygw', ['--version'], () => {
  const [root, versions] = [join(folder(), 'root'), join(folder(), 'versions')];
  const server = served(port => {
    for (const dir of [root, versions]) mkdirSync(dir);
    return {
      program: 'versitygw',
      args: [
        '--port',
        `127.0.0.1:${port}`,
        '--region',
        region,
        '--quiet',
        'posix',
        '--versioning-dir',
        versions,
        root,
      ],
      env: { ROOT_ACCESS_KEY_ID: keys.accessKeyId, ROOT_SECRET_ACCESS_KEY: keys.secretAccessKey },
    };
  });
  ourClientAgainst('s3:// on VersityGW', server, {
    publicAccessBlock: false,
    signatures: true,
    lifecycle: false,
  });
});

describeWith('our S3 client against moto', 'moto_server', ['--help'], () => {
  const server = served(port => ({ program: 'moto_server', args: ['-H', '127.0.0.1', '-p', String(port)] }));
  ourClientAgainst('s3:// on moto', server, { publicAccessBlock: true, signatures: false, lifecycle: true });
});
