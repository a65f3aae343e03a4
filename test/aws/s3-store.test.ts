import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { connectS3 } from '../../src/aws/s3-client.ts';
import { s3Store } from '../../src/aws/s3-store.ts';
import { s3Url } from '../../src/values/s3-url.ts';
import { connected, diagnosticOf } from './fixture.ts';
import { allOf, erasesVersions, objectStoreContract } from './object-store-contract.ts';

const fresh = { ifNoneMatch: '*' } as const;
const body = Buffer.from('content');

objectStoreContract('s3://', async () => {
  const { connection } = await connected({}, { bucket: 'bkt' });
  return s3Store(connection, s3Url('bkt', 'dr'));
});

erasesVersions(async () => ({ ...(await connected({}, { bucket: 'bkt' })), Bucket: 'bkt' }));

async function open(prefix = 'dr') {
  const all = await connected({}, { bucket: 'bkt' });
  return { ...all, store: s3Store(all.connection, s3Url('bkt', prefix)) };
}

describe('keys', () => {
  it.each([
    ['/dr/vms/', 'dr/vms/k', 's3://bkt/dr/vms'],
    ['', 'k', 's3://bkt'],
  ])('are under the prefix %j', async (prefix, Key, url) => {
    const { lab, store } = await open(prefix);
    expect(store.url).toBe(url);
    await store.put('k', body, { when: fresh });
    const object = await lab.sdk().send(new GetObjectCommand({ Bucket: 'bkt', Key }));
    expect(await object.Body?.transformToString()).toBe('content');
  });

  it('of other prefixes are not listed, and long lists come whole', async () => {
    const { lab, store } = await open();
    const s3 = lab.sdk();
    for (const Key of ['dr2/x', 'd', 'dr', 'other/x'])
      await s3.send(new PutObjectCommand({ Bucket: 'bkt', Key, Body: 'x' }));
    const names = Array.from({ length: 1005 }, (_, i) => String(i).padStart(4, '0'));
    await Promise.all(names.map(name => store.put(name, body, { when: fresh })));
    const listed = (await allOf(store.list(''))).map(each => each.key);
    expect(listed).toEqual(names);
  });
});

it('what consoles make as folders is in no list', async () => {
  const { lab, store } = await open();
  for (const Key of ['dr/', 'dr/roster/', 'dr/vms/', 'dr/vms/x/points/'])
    await lab.sdk().send(new PutObjectCommand({ Bucket: 'bkt', Key, Body: '' }));
  expect(await allOf(store.list(''))).toEqual([]);
  await lab.sdk().send(new PutObjectCommand({ Bucket: 'bkt', Key: 'dr/full/', Body: 'x' }));
  await store.put('empty', Buffer.alloc(0), { when: fresh });
  expect((await allOf(store.list(''))).map(each => each.key)).toEqual(['empty', 'full/']);
});

it("measures how far the service's clock is ahead by the Date of its answers", async () => {
  const { lab, store, connection } = await open();
  expect(store.clockAhead?.()).toBe(0);
  await store.head('k');
  expect(store.clockAhead?.()).toBe(0);
  const clock = { ...connection.settings.clock, now: () => lab.clock.now() - 10 * 60_000 };
  const behind = await connectS3({ ...connection.settings, clock });
  const there = s3Store(behind, s3Url('bkt', 'dr'));
  await there.head('k');
  expect(there.clockAhead?.()).toBeGreaterThan(9.9 * 60_000);
  expect(there.clockAhead?.()).toBeLessThan(10.1 * 60_000);
  behind.close();
});

it('every object carries its SHA-256, which signs the request too', async () => {
  const { lab, store } = await open();
  await store.put('k', body, { when: fresh });
  const head = await lab
    .sdk()
    .send(new HeadObjectCommand({ Bucket: 'bkt', Key: 'dr/k', ChecksumMode: 'ENABLED' }));
  expect(head.ChecksumSHA256).toBe('7XACtDnprIRfIjV9giusFERzD722AW0+yUMil7nsn3M=');
});

describe('when the network lets it down', () => {
  it('reads and lists again', async () => {
    const { lab, store, calls } = await open();
    await store.put('k', body, { when: fresh });
    for (const kind of ['reset', 'lost-answer', 'internal-error', 'slow-down'] as const) {
      calls.length = 0;
      lab.fault({ kind, times: 2 });
      expect((await store.get('k'))?.bytes.toString()).toBe('content');
      expect(calls.filter(each => each === 'made')).toHaveLength(3);
      expect(calls.filter(each => each === 'retried')).toHaveLength(2);
      expect(calls.filter(each => each === 'throttled')).toHaveLength(kind === 'slow-down' ? 2 : 0);
      lab.fault({ kind });
      expect(await allOf(store.list(''))).toHaveLength(1);
    }
  });

  it('waits longer each time, on the clock it was given', async () => {
    const { lab, store } = await open();
    lab.fault({ kind: 'slow-down', times: 4 });
    expect(await store.head('k')).toBeUndefined();
    expect(lab.clock.slept).toHaveLength(4);
    for (const [i, ms] of lab.clock.slept.entries()) expect(ms).toBeLessThanOrEqual(100 * 2 ** i);
  });

  it('a PUT and a read by range outlast an outage of minutes, a whole read is soon given up', async () => {
    const { lab, store } = await open();
    await store.put('k', body, { when: fresh });
    const outage = async (call: () => Promise<unknown>) => {
      const from = lab.clock.time;
      lab.fault({ kind: 'slow-down', times: 25 });
      await call();
      return lab.clock.time - from;
    };
    expect(await outage(() => store.put('long', body, { when: fresh }))).toBeGreaterThan(60_000);
    expect(Math.max(...lab.clock.slept)).toBeLessThanOrEqual(30_000);
    expect(await outage(() => store.get('k', { range: { start: 0, end: 2 } }))).toBeGreaterThan(60_000);
    lab.fault({ kind: 'slow-down', times: 99 });
    const from = lab.clock.time;
    expect((await diagnosticOf(store.get('k'))).code).toBe('aws-throttled');
    expect(lab.clock.time - from).toBeLessThan(10_000);
  });

  it('gives a PUT up after ten minutes, and at once when aborted or closed', async () => {
    const { lab, store, connection } = await open();
    lab.fault({ kind: 'slow-down', times: 9999 });
    const from = lab.clock.time;
    expect((await diagnosticOf(store.put('k', body, { when: fresh }))).code).toBe('aws-throttled');
    expect(lab.clock.time - from).toBeGreaterThanOrEqual(600_000);
    expect(lab.clock.time - from).toBeLessThan(640_000);
    const { sleep } = lab.clock;
    const stop = new AbortController();
    lab.clock.sleep = async (ms, signal) => {
      stop.abort(new Error('Ctrl-C'));
      return sleep.call(lab.clock, ms, signal);
    };
    await expect(store.put('k', body, { when: fresh, signal: stop.signal })).rejects.toThrow('Ctrl-C');
    lab.clock.sleep = async (ms, signal) => {
      connection.close();
      return sleep.call(lab.clock, ms, signal);
    };
    const before = lab.clock.time;
    expect((await diagnosticOf(store.put('k', body, { when: fresh }))).code).toBe('aws-throttled');
    expect(lab.clock.time).toBe(before);
  });

  it('waits for traffic, not for the end of a transfer', async () => {
    const { connection, store } = await open();
    await store.head('k'); // the handler settles its options with the first request
    const { requestHandler } = connection.client.config;
    const limits = (requestHandler as unknown as { httpHandlerConfigs(): object }).httpHandlerConfigs();
    expect(limits).toMatchObject({ socketTimeout: 60_000 });
    expect(limits).not.toMatchObject({ requestTimeout: expect.any(Number) });
  });

  it('takes its own 412 after a lost answer for the success that it is', async () => {
    const { lab, store } = await open();
    lab.fault({ kind: 'lost-answer', method: 'PUT' });
    const put = await store.put('k', body, { when: fresh });
    expect(put).toEqual({ ok: true, etag: (await store.head('k'))?.etag });
    lab.fault({ kind: 'lost-answer', method: 'PUT' });
    const moved = await store.put('k', Buffer.from('next'), { when: { ifMatch: put.ok ? put.etag : '' } });
    expect(moved).toEqual({ ok: true, etag: (await store.head('k'))?.etag });
  });

  it("does not take another writer's content for its own", async () => {
    const { lab, store } = await open();
    await store.put('k', Buffer.from('theirs'), { when: fresh });
    lab.fault({ kind: 'lost-answer', method: 'PUT' });
    expect(await diagnosticOf(store.put('k', body, { when: fresh }))).toMatchObject({
      code: 'answer-lost',
      category: 'world',
    });
    expect(await store.put('k', body, { when: fresh })).toEqual({ ok: false, reason: 'precondition' });
  });

  it('says so when the answer stays lost', async () => {
    const { lab, store } = await open();
    lab.fault({ kind: 'lost-answer', times: 99 });
    const diagnostic = await diagnosticOf(store.put('k', body, { when: fresh }));
    expect(diagnostic.code).toBe('answer-lost');
    expect(diagnostic.message).toContain('s3://bkt/dr/k');
  });

  it('knows that a throttled write was not done', async () => {
    const { lab, store } = await open();
    await store.put('k', Buffer.from('theirs'), { when: fresh });
    lab.fault({ kind: 'slow-down', method: 'PUT' });
    expect(await store.put('k', body, { when: fresh })).toEqual({ ok: false, reason: 'precondition' });
    lab.fault({ kind: 'slow-down', times: 99 });
    expect((await diagnosticOf(store.put('n', body, { when: fresh }))).code).toBe('aws-throttled');
  });
});

describe('a clock that is set while the client is in use', () => {
  it('is that of the signatures from then on', async () => {
    const { lab, store } = await open();
    await store.put('k', body, { when: fresh });
    for (let n = 0; n < 3; n++) {
      // A quarter of an hour is what S3 takes for too far off.
      await lab.clock.sleep(14 * 60_000);
      expect((await store.get('k'))?.bytes).toEqual(body);
    }
  });
});
