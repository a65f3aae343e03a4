import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  HeadBucketCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketApi } from '../../../src/aws/buckets.ts';
import { apply } from '../../../src/engine/apply/apply.ts';
import type { Locks } from '../../../src/engine/model/locks.ts';
import { plan } from '../../../src/engine/plan/planner.ts';
import { bucket } from '../../../src/resources/aws/bucket.ts';
import { bucketNameProblem } from '../../../src/resources/aws/bucket-name.ts';
import { connected } from '../../aws/fixture.ts';
import { nameOf, region } from '../../lab/s3/fixture.ts';
import { catalogOf, declare, testRun, testWorld } from '../../support/engine-world.ts';
import { KeptOwners } from '../../support/owner-records.ts';

const where = { platform: 'linux', cwd: '/' } as const;
const target = {
  name: 'dr',
  type: 'aws',
  properties: { region },
  at: { file: 'site.yaml', line: 1, column: 1 },
};

async function open({ isAllowed = true, ...options }: { bucket?: string; isAllowed?: boolean } = {}) {
  const { lab, connection, calls } = await connected({}, options);
  const owners = new KeptOwners();
  const world = testWorld({
    connect: async (_, name) => (name === 'owner_records' ? owners : bucketApi(connection)),
  });
  /**
   * Plans and applies the buckets declared, by name. `between`: what happens before the object's lock is had.
   */
  const convergeWhile = async (
    between: () => Promise<unknown>,
    ...declared: Parameters<typeof declare>[]
  ) => {
    const locks: Locks = {
      async take() {
        await between();
        return { waited: false, release: async () => {} };
      },
    };
    const run = testRun([bucket], { ...world, locks });
    const made = await plan(
      catalogOf(
        declared.map(each => declare(...each)),
        [target],
      ),
      run,
      { engine: '1.0.0' },
    );
    const report = await apply(made, run, {
      allow: isAllowed ? made.resources.map(({ address }) => address) : [],
    });
    return { plan: made, report, diagnostic: report.results[0]?.diagnostic ?? made.diagnostics[0] };
  };
  const converge = (...declared: Parameters<typeof declare>[]) => convergeWhile(async () => {}, ...declared);
  return { lab, s3: lab.sdk(), calls, converge, convergeWhile };
}

describe('a bucket', () => {
  it('is made as declared, and what is not declared is not touched', async () => {
    const { s3, converge } = await open();
    await converge(['bucket:plain', {}], ['bucket:kept', { versioning: true }]);
    expect((await s3.send(new HeadBucketCommand({ Bucket: 'plain' }))).BucketRegion).toBe(region);
    const status = async (Bucket: string) =>
      (await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status;
    expect([await status('plain'), await status('kept')]).toEqual([undefined, 'Enabled']);
    const { plan: second } = await converge(['bucket:kept', {}]);
    expect(second.resources[0]?.action).toBe('none');
    expect(await status('kept')).toBe('Enabled');
    const VersioningConfiguration = { Status: 'Suspended' } as const;
    await s3.send(new PutBucketVersioningCommand({ Bucket: 'kept', VersioningConfiguration }));
    await converge(['bucket:kept', { versioning: true }]);
    expect(await status('kept')).toBe('Enabled');
  });

  it('goes on keeping versions until the opposite is allowed, and has the rest of what is declared', async () => {
    const { s3, converge } = await open({ isAllowed: false });
    await converge(['bucket:kept', { versioning: true }]);
    const lifecycle = { abort_incomplete_uploads: '7d' };
    const { report } = await converge(['bucket:kept', { versioning: false, lifecycle }]);
    expect(report.results).toMatchObject([{ result: 'changed', heldBack: ['versioning'] }]);
    expect(report.proof?.empty).toBe(true);
    expect((await s3.send(new GetBucketVersioningCommand({ Bucket: 'kept' }))).Status).toBe('Enabled');
    const { plan: left } = await converge(['bucket:kept', { versioning: false, lifecycle }]);
    expect(left.resources[0]!.fields.map(({ path }) => path)).toEqual(['/versioning']);
  });

  it('keeps the lifecycle rules of others, and its own rule once', async () => {
    const { s3, converge } = await open({ bucket: 'bkt' });
    const theirs: LifecycleRule = {
      ID: 'logs',
      Status: 'Enabled',
      Filter: { Prefix: 'logs/' },
      Expiration: { Days: 3 },
    };
    await s3.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket: 'bkt',
        LifecycleConfiguration: { Rules: [theirs] },
      }),
    );
    const rules = async () =>
      (await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: 'bkt' }))).Rules;
    const ours = (DaysAfterInitiation: number) => ({
      ID: 'converge-abort-incomplete-uploads',
      Status: 'Enabled',
      Filter: { Prefix: '' },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation },
    });
    await converge(['bucket:bkt', { lifecycle: { abort_incomplete_uploads: '7d' } }]);
    expect(await rules()).toEqual([theirs, ours(7)]);
    const { plan: changed } = await converge([
      'bucket:bkt',
      { lifecycle: { abort_incomplete_uploads: '2 weeks' } },
    ]);
    expect(changed.resources[0]?.fields).toMatchObject([
      { path: '/lifecycle/abort_incomplete_uploads', before: '7d', after: '14d' },
    ]);
    expect(await rules()).toEqual([theirs, ours(14)]);
    const disabled = { Rules: [{ ...ours(14), Status: 'Disabled' as const }, theirs] };
    await s3.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket: 'bkt', LifecycleConfiguration: disabled }),
    );
    await converge(['bucket:bkt', { lifecycle: { abort_incomplete_uploads: '14d' } }]);
    expect(await rules()).toEqual([theirs, ours(14)]);
  });

  it('of somebody else is an error of the world with the way out', async () => {
    const { lab, converge } = await open();
    await lab.plantForeignBucket('theirs');
    const { diagnostic, report } = await converge(
      ['bucket:theirs', { versioning: true }],
      ['bucket:ours', {}],
    );
    expect(diagnostic).toMatchObject({
      code: 'bucket-of-somebody-else',
      category: 'world',
      address: 'bucket:theirs',
    });
    expect(diagnostic?.message).toContain('theirs');
    expect(diagnostic?.hint).toContain('another name');
    expect(report.results.find(each => each.address === 'bucket:ours')?.result).toBe('changed');
  });

  it('that somebody else takes between plan and apply is one too', async () => {
    const { lab, converge } = await open();
    lab.fault({ kind: 'latency', method: 'PUT', bucket: 'taken' });
    lab.clock.sleep = async () => lab.plantForeignBucket('taken');
    const { diagnostic } = await converge(['bucket:taken', {}]);
    expect(diagnostic).toMatchObject({ code: 'bucket-of-somebody-else', category: 'world' });
  });

  const overtaken = { code: 'changed-meanwhile', category: 'world', address: 'bucket:bkt' };

  it('that another machine changes after it was looked at is left as it is', async () => {
    const { s3, converge, convergeWhile } = await open({ bucket: 'bkt' });
    const other = () => converge(['bucket:bkt', { lifecycle: { abort_incomplete_uploads: '3d' } }]);
    const { diagnostic } = await convergeWhile(other, [
      'bucket:bkt',
      { lifecycle: { abort_incomplete_uploads: '7d' } },
    ]);
    expect(diagnostic).toMatchObject(overtaken);
    const { Rules } = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: 'bkt' }));
    expect(Rules?.map(rule => rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation)).toEqual([3]);
  });

  it('that another machine makes or deletes after it was looked at is left as it is', async () => {
    const { s3, converge, convergeWhile } = await open();
    const made = await convergeWhile(
      () => converge(['bucket:bkt', {}]),
      ['bucket:bkt', { versioning: true }],
    );
    expect(made.diagnostic).toMatchObject(overtaken);
    expect((await s3.send(new GetBucketVersioningCommand({ Bucket: 'bkt' }))).Status).toBe(undefined);
    const gone = () => converge(['bucket:bkt', {}, { ensure: 'absent' }]);
    const changed = await convergeWhile(gone, ['bucket:bkt', { versioning: true }]);
    expect(changed.diagnostic).toMatchObject(overtaken);
    expect(await nameOf(s3.send(new HeadBucketCommand({ Bucket: 'bkt' })))).toBe('NotFound');
  });

  it('that another machine has just used is not deleted', async () => {
    const { converge, convergeWhile } = await open({ bucket: 'bkt' });
    const other = () => converge(['bucket:bkt', { versioning: true }]);
    const absent = ['bucket:bkt', { versioning: true }, { ensure: 'absent' as const }] as const;
    expect((await convergeWhile(other, [...absent])).diagnostic).toMatchObject(overtaken);
  });

  it('is deleted only while it is empty', async () => {
    const { s3, converge } = await open();
    await converge(['bucket:bkt', {}]);
    await s3.send(new PutObjectCommand({ Bucket: 'bkt', Key: 'k', Body: 'x' }));
    const { diagnostic } = await converge(['bucket:bkt', {}, { ensure: 'absent' }]);
    expect(diagnostic).toMatchObject({ code: 'bucket-not-empty', category: 'world' });
    expect(await nameOf(s3.send(new HeadBucketCommand({ Bucket: 'bkt' })))).toBe('resolved');
  });

  it('is told once when the endpoint is the trouble', async () => {
    const { connection } = await connected({ endpoint: 'http://127.0.0.1:1' });
    const run = testRun([bucket], testWorld({ connect: async () => bucketApi(connection) }));
    const declared = ['one', 'two', 'three'].map(name => declare(`bucket:${name}-bucket`));
    const made = await plan(catalogOf(declared, [target]), run, { engine: '1.0.0' });
    expect(made.diagnostics).toMatchObject([{ code: 'aws-unreachable' }]);
  });
});

describe('what a manifest may say', () => {
  const problem = (title: string, properties = {}) => {
    return bucket.check!(properties, title, where)[0] ?? 'fine';
  };

  it.each([
    'Upper',
    'a',
    'x'.repeat(64),
    'under_score',
    '-begin',
    'end-',
    'a..b',
    '192.168.0.1',
    'xn--a',
    'a-s3alias',
  ])('the name %s is refused with its reason', name => {
    expect(problem(name)).toMatchObject({
      code: 'bucket-name',
      pointer: '',
      message: expect.stringContaining(name),
    });
  });

  it('names by the rules are fine', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9]([a-z0-9]|-[a-z0-9]){1,30}[a-z0-9]$/), name => {
        expect(problem(name)).toBe(
          /^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3)$/.test(name) ? bucketNameProblem(name) : 'fine',
        );
      }),
    );
    expect(problem('gdh-vm-replication')).toBe('fine');
  });

  it('days are whole', () => {
    for (const abort_incomplete_uploads of ['12h', '1d12h', '0d']) {
      expect(problem('bkt', { lifecycle: { abort_incomplete_uploads } })).toMatchObject({
        code: 'lifecycle-days',
        pointer: '/lifecycle/abort_incomplete_uploads',
      });
    }
    expect(problem('bkt', { lifecycle: { abort_incomplete_uploads: '48h' } })).toBe('fine');
  });

  it('it provides its name to what is in it', () => {
    expect(bucket.provides?.({}, 'dr')).toEqual(['s3-bucket:dr']);
  });
});
