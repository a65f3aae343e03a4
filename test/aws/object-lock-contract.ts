import { ListObjectVersionsCommand, PutObjectRetentionCommand } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { bucketApi } from '../../src/aws/buckets.ts';
import type { S3Connection } from '../../src/aws/s3-client.ts';
import { s3Store } from '../../src/aws/s3-store.ts';
import { failedWith } from '../../src/diagnostics/diagnostic.ts';
import { s3Url } from '../../src/values/s3-url.ts';

const DAY = 24 * 3_600_000;

/** What locking takes of a server. `open` makes a bucket without Object Lock. */
export function locksObjects(open: () => Promise<{ connection: S3Connection; Bucket: string }>): void {
  it('locks single objects, lengthens locks and leaves what is locked alone', async () => {
    const { connection, Bucket } = await open();
    const api = bucketApi(connection);
    const store = s3Store(connection, s3Url(Bucket, 'dr'));
    const second = Math.ceil(Date.now() / 1000) * 1000;
    const lock = { mode: 'governance', until: second + DAY } as const;
    const put = (key: string, body: string) =>
      store.put(key, Buffer.from(body), { when: { ifNoneMatch: '*' }, lock });
    await expect(put('early', 'x')).rejects.toSatisfy(error => failedWith(error, 'bucket-without-lock'));
    await api.setVersioning(Bucket, true);
    await api.enableObjectLock(Bucket);
    expect([await api.objectLock(Bucket), await api.locksByDefault(Bucket)]).toEqual([true, false]);

    expect(await put('packs/1', 'one')).toMatchObject({ ok: true });
    await store.put('free', Buffer.from('free'), { when: { ifNoneMatch: '*' } });
    expect(await store.locks!.of('packs/1')).toEqual(lock);
    expect(await store.locks!.of('free')).toBeUndefined();
    await expect(store.locks!.of('nothing')).rejects.toSatisfy(error => failedWith(error, 'missing-object'));
    const longer = { ...lock, until: lock.until + 2 * DAY };
    await store.locks!.extend('packs/1', longer);
    expect(await store.locks!.of('packs/1')).toEqual(longer);
    await expect(store.locks!.extend('packs/1', lock)).rejects.toSatisfy(error =>
      failedWith(error, 'aws-access-denied', 'aws-error'),
    );
    expect(await store.locks!.of('packs/1')).toEqual(longer);
    expect(await store.erase(['packs/1', 'free'])).toMatchObject([{ key: 'packs/1', until: longer.until }]);
    expect((await store.get('packs/1'))!.bytes.toString()).toBe('one');
    expect(await store.get('free')).toBeUndefined();
    // Whoever may lift a lock of governance does, so that the bucket can go.
    const { Versions } = await connection.client.send(new ListObjectVersionsCommand({ Bucket }));
    // VersityGW keeps what it then refuses to lock.
    expect(Versions!.map(({ Key }) => Key).filter(key => key !== 'dr/early')).toEqual(['dr/packs/1']);
    await connection.client.send(
      new PutObjectRetentionCommand({
        ...{ Bucket, Key: 'dr/packs/1', BypassGovernanceRetention: true },
        Retention: { Mode: 'GOVERNANCE', RetainUntilDate: new Date(second + DAY / 2) },
      }),
    );
    expect((await store.locks!.of('packs/1'))!.until).toBe(second + DAY / 2);
  });
}
