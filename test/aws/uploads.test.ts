import { expect, test } from 'vitest';
import { uploadsTo } from '../../src/app/aws/uploads.ts';
import type { CatalogTarget } from '../../src/engine/model/catalog.ts';
import { createThrottle } from '../../src/network/throttle.ts';
import { InstantClock } from '../lab/s3/fixture.ts';
import { connected } from './fixture.ts';

const MIB = 1 << 20;

test('large and small bodies wait for the same limit, and what is read does not', async () => {
  const clock = new InstantClock();
  const began = clock.time;
  let rate: number | undefined = MIB;
  const uploads = createThrottle(clock, () => rate);
  const { connection } = await connected({ uploads }, { bucket: 'uploads' });
  const { client, sdk } = connection;
  const put = (Key: string, bytes: number) =>
    connection.call({ action: 's3:PutObject', bucket: 'uploads', key: Key }, options =>
      client.send(
        new sdk.PutObjectCommand({ Bucket: 'uploads', Key, Body: Buffer.alloc(bytes, Key) }),
        options,
      ),
    );
  await Promise.all([put('large', 4 * MIB), put('other', 3 * MIB), put('small', MIB / 2), put('least', 0)]);
  // 7.5 MiB at 1 MiB a second, of which the last quarter of a second went ahead.
  expect((clock.time - began) / 1000).toBeGreaterThan(7);
  expect((clock.time - began) / 1000).toBeLessThan(7.6);
  const after = clock.time;
  const { Body } = await client.send(new sdk.GetObjectCommand({ Bucket: 'uploads', Key: 'large' }));
  expect((await Body!.transformToByteArray()).length).toBe(4 * MIB);
  rate = undefined;
  await put('unlimited', 4 * MIB);
  expect(clock.time).toBe(after);
});

test('a call that brings little waits for no upload', async () => {
  const clock = new InstantClock();
  const uploads = createThrottle(clock, () => MIB);
  const { client, sdk } = (await connected({ uploads }, { bucket: 'uploads' })).connection;
  await uploads.take(MIB);
  uploads.owe(60 * MIB);
  const before = clock.time;
  await client.send(new sdk.PutObjectCommand({ Bucket: 'uploads', Key: 'note', Body: Buffer.alloc(1000) }));
  expect(clock.time).toBe(before);
});

test('all that sends to one target by one clock has its limit in common', () => {
  const [clock, other] = [new InstantClock(), new InstantClock()];
  const target = (limit: string, name = 'dr') =>
    ({
      name,
      type: 'aws',
      properties: { region: 'eu-west-1', bandwidth: { limit } },
    }) as unknown as CatalogTarget;
  const uploads = uploadsTo(target('5 Mbit/s'), clock);
  expect(uploads).toBeDefined();
  expect(uploadsTo(target('5 Mbit/s'), clock)).toBe(uploads);
  expect(uploadsTo(target('6 Mbit/s'), clock)).not.toBe(uploads);
  expect(uploadsTo(target('5 Mbit/s', 'second'), clock)).not.toBe(uploads);
  expect(uploadsTo(target('5 Mbit/s'), other)).not.toBe(uploads);
  expect(uploadsTo({ ...target('5 Mbit/s'), properties: {} }, clock)).toBeUndefined();
  expect(uploadsTo(undefined, clock)).toBeUndefined();
});
