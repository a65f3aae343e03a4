import { randomBytes } from 'node:crypto';
import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { S3Connection } from '../../src/aws/s3-client.ts';
import { s3Store } from '../../src/aws/s3-store.ts';
import type { ObjectStore, Precondition } from '../../src/replication/model/store.ts';
import { s3Url } from '../../src/values/s3-url.ts';

const fresh: Precondition = { ifNoneMatch: '*' };
const text = (value: string) => Buffer.from(value);
export async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const out: T[] = [];
  for await (const item of items) out.push(item);
  return out;
}
const keysOf = async (store: ObjectStore, prefix = '') =>
  (await allOf(store.list(prefix))).map(each => each.key);

/** Keys as a repository has them, near enough to meet as prefixes of one another. */
const keys = fc.uniqueArray(
  fc
    .array(
      fc.stringMatching(/^[a-c0-1._-]{1,3}$/).filter(part => !/^\.+$/.test(part) && !part.endsWith('.')),
      { minLength: 1, maxLength: 3 },
    )
    .map(parts => parts.join('/')),
  { minLength: 1, maxLength: 12 },
);
/** A file system cannot hold `a` and `a/b` at once; a repository never asks it to. */
const holdable = (names: string[]) =>
  names.filter(name => !names.some(other => other.startsWith(`${name}/`)));

/**
 * What every object store promises (src/replication/model/store.ts).
 * @param open a store that holds nothing yet, for one test
 */
export function objectStoreContract(name: string, open: () => Promise<ObjectStore>): void {
  describe(`the object store ${name}`, () => {
    it('gives back what was put, whole and in ranges', async () => {
      const store = await open();
      const bytes = randomBytes(300_000);
      const put = await store.put('packs/ab/1', bytes, { when: fresh });
      expect(put.ok).toBe(true);
      const got = await store.get('packs/ab/1');
      expect(got?.bytes.equals(bytes)).toBe(true);
      expect(put.ok && put.etag).toBe(got?.etag);
      const range = await store.get('packs/ab/1', { range: { start: 70_000, end: 200_001 } });
      expect(range?.bytes.equals(bytes.subarray(70_000, 200_001))).toBe(true);
      const end = await store.get('packs/ab/1', { range: { start: 299_999, end: 400_000 } });
      expect(end?.bytes.equals(bytes.subarray(299_999))).toBe(true);
      const past = await store.get('packs/ab/1', { range: { start: 300_000, end: 300_010 } });
      expect(past?.bytes).toHaveLength(0);
    });

    it('erases what it is told to, and nothing that only begins like it', async () => {
      const store = await open();
      for (const key of ['packs/ab/1', 'packs/ab/12', 'packs/ab/2', 'points/1'])
        await store.put(key, text(key), { when: fresh });
      expect(await store.erase(['packs/ab/1', 'packs/ab/2', 'packs/zz/9'])).toEqual([]);
      expect(await keysOf(store)).toEqual(['packs/ab/12', 'points/1']);
      expect(await store.erase([])).toEqual([]);
    });

    it('reads into a buffer where there is room for it, and leaves the rest of it alone', async () => {
      const store = await open();
      const bytes = randomBytes(300_000);
      await store.put('packs/ab/2', bytes, { when: fresh });
      const into = Buffer.alloc(131_072, 7);
      const range = { start: 70_000, end: 200_001 };
      const got = await store.get('packs/ab/2', { range, into });
      expect(got?.bytes.buffer).toBe(into.buffer);
      expect(got?.bytes.equals(bytes.subarray(70_000, 200_001))).toBe(true);
      expect(into.subarray(130_001).equals(Buffer.alloc(1_071, 7))).toBe(true);
      const end = await store.get('packs/ab/2', { range: { start: 299_999, end: 400_000 }, into });
      expect(end?.bytes.equals(bytes.subarray(299_999))).toBe(true);
      const past = await store.get('packs/ab/2', { range: { start: 300_000, end: 300_010 }, into });
      expect(past?.bytes).toHaveLength(0);
      const whole = await store.get('packs/ab/2', { into });
      expect(whole?.bytes.equals(bytes)).toBe(true);
    });

    it('tells the folders below a prefix, each once', async () => {
      const store = await open();
      for (const key of ['vms/b/head', 'vms/a/head', 'vms/a/packs/ab/1', 'vms/c', 'vmsx/d/1'])
        await store.put(key, text(key), { when: fresh });
      expect(await allOf(store.folders('vms/'))).toEqual(['vms/a/', 'vms/b/']);
      expect(await allOf(store.folders('roster/'))).toEqual([]);
    });

    it('holds empty objects', async () => {
      const store = await open();
      await store.put('empty', Buffer.alloc(0), { when: fresh });
      expect((await store.get('empty'))?.bytes).toHaveLength(0);
      expect(await store.head('empty')).toMatchObject({ key: 'empty', size: 0 });
    });

    it('answers undefined for what is not there', async () => {
      const store = await open();
      await store.put('dir/key', text('x'), { when: fresh });
      for (const key of ['none', 'dir', 'dir/ke', 'dir/key/x']) {
        expect(await store.get(key)).toBeUndefined();
        expect(await store.get(key, { range: { start: 0, end: 1 } })).toBeUndefined();
        expect(await store.head(key)).toBeUndefined();
      }
    });

    it('tells size, etag and age', async () => {
      const store = await open();
      const put = await store.put('points/1', text('hello'), { when: fresh });
      const head = await store.head('points/1');
      expect(head).toMatchObject({ key: 'points/1', size: 5, etag: put.ok && put.etag });
      expect(Number.isFinite(head?.modified) && (head?.modified ?? 0) > 0).toBe(true);
      expect(await allOf(store.list('points/'))).toMatchObject([
        { key: 'points/1', size: 5, etag: head?.etag },
      ]);
    });

    it('writes once under If-None-Match', async () => {
      const store = await open();
      expect((await store.put('k', text('first'), { when: fresh })).ok).toBe(true);
      expect(await store.put('k', text('second'), { when: fresh })).toEqual({
        ok: false,
        reason: 'precondition',
      });
      expect((await store.get('k'))?.bytes.toString()).toBe('first');
    });

    it('moves on under If-Match with the newest etag only', async () => {
      const store = await open();
      expect(await store.put('head', text('0'), { when: { ifMatch: 'none' } })).toEqual({
        ok: false,
        reason: 'precondition',
      });
      const first = await store.put('head', text('1'), { when: fresh });
      if (!first.ok) throw new Error('not written');
      const second = await store.put('head', text('2'), { when: { ifMatch: first.etag } });
      expect(second.ok).toBe(true);
      expect(second.ok && second.etag).not.toBe(first.etag);
      expect(await store.put('head', text('3'), { when: { ifMatch: first.etag } })).toEqual({
        ok: false,
        reason: 'precondition',
      });
      expect((await store.get('head'))?.bytes.toString()).toBe('2');
    });

    it('lets exactly one of sixteen writers win, and shows its content', async () => {
      const store = await open();
      const race = async (round: string, when: Precondition) => {
        const results = await Promise.all(
          Array.from({ length: 16 }, (_, i) => store.put('head', text(`${round} ${i}`), { when })),
        );
        expect(results.filter(each => each.ok)).toHaveLength(1);
        expect((await store.get('head'))?.bytes.toString()).toBe(
          `${round} ${results.findIndex(each => each.ok)}`,
        );
        return results.find(each => each.ok);
      };
      const winner = await race('first', fresh);
      await race('second', { ifMatch: winner?.ok ? winner.etag : '' });
    });

    it('removes, and removing again is fine', async () => {
      const store = await open();
      await store.put('a/b', text('x'), { when: fresh });
      await store.remove('a/b');
      await store.remove('a/b');
      expect(await store.get('a/b')).toBeUndefined();
      expect(await keysOf(store)).toEqual([]);
      expect((await store.put('a/b', text('y'), { when: fresh })).ok).toBe(true);
    });

    it('lists by any prefix in the order of UTF-8', async () => {
      await fc.assert(
        fc.asyncProperty(keys, fc.stringMatching(/^[a-c/]{0,2}$/), async (all, prefix) => {
          const store = await open();
          const names = holdable(all);
          for (const name of names) await store.put(name, text(name), { when: fresh });
          const expected = names
            .filter(name => name.startsWith(prefix))
            .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
          expect(await keysOf(store, prefix)).toEqual(expected);
          for (const name of names) await store.remove(name);
        }),
        { numRuns: 15 },
      );
    });

    it('stops when told to', async () => {
      const store = await open();
      const signal = AbortSignal.abort(new Error('enough'));
      await expect(store.get('k', { signal })).rejects.toThrow('enough');
      await expect(store.put('k', text('x'), { when: fresh, signal })).rejects.toThrow('enough');
      expect(await store.get('k')).toBeUndefined();
    });
  });
}

/**
 * What `erase` promises of a bucket that keeps versions.
 * @param open a bucket that holds nothing yet
 */
export function erasesVersions(open: () => Promise<{ connection: S3Connection; Bucket: string }>): void {
  it('erases all versions of what it is told to, and every mark that something was deleted', async () => {
    const { connection, Bucket } = await open();
    const { client } = connection;
    const put = (Key: string) => client.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
    // Of before the bucket kept versions: its version is `null`.
    await put('dr/packs/ab/1');
    await client.send(
      new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    for (const Key of [
      'dr/packs/ab/1',
      'dr/packs/ab/1',
      'dr/packs/ab/12',
      'dr/packs/ab/2',
      'other/packs/ab/1',
    ])
      await put(Key);
    for (const Key of ['dr/packs/ab/1', 'dr/packs/ab/2'])
      await client.send(new DeleteObjectCommand({ Bucket, Key }));
    expect(await s3Store(connection, s3Url(Bucket, 'dr')).erase(['packs/ab/1', 'packs/ab/2'])).toEqual([]);
    const left = await client.send(new ListObjectVersionsCommand({ Bucket }));
    expect(left.Versions?.map(({ Key }) => Key)).toEqual(['dr/packs/ab/12', 'other/packs/ab/1']);
    expect(left.DeleteMarkers ?? []).toEqual([]);
  });
}
