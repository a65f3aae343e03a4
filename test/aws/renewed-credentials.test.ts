import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, onTestFinished, test, vi } from 'vitest';
import { connectS3 } from '../../src/aws/s3-client.ts';
import { s3Store } from '../../src/aws/s3-store.ts';
import type { Policy } from '../../src/lab/instance/policy.ts';
import { type Role, roleOf } from '../../src/lab/instance/role.ts';
import { startS3 } from '../../src/lab/s3/server.ts';
import { runCycle } from '../../src/replication/cycle/run-cycle.ts';
import { createRepository } from '../../src/replication/repository/open-repository.ts';
import { policyOf } from '../../src/resources/aws/pilot/policies.ts';
import { s3Url } from '../../src/values/s3-url.ts';
import { credentials, InstantClock, realRandom, region, temporaryDir } from '../lab/s3/fixture.ts';
import { CycleWorld, KiB } from '../support/cycles.ts';
import { restored } from '../support/restored.ts';

const Bucket = 'dr-points';
const block = 64 * KiB;
const minutes = 60_000;

/** How a mover's profile finds its credentials, from what is in a file that somebody else writes. */
const profiles = {
  'a credentials file': {
    config: () => '[profile mover]\n',
    shared: ({ accessKeyId, secretAccessKey, sessionToken }: Role['credentials']) =>
      `[mover]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\naws_session_token = ${sessionToken}\n`,
  },
  'a credential process': {
    config: (dir: string) => `[profile mover]\ncredential_process = ${dir}/process\n`,
    shared: () => '',
  },
};

/** A mover that reaches the repository with credentials that somebody renews, and a cycle of it. */
async function mover(how: keyof typeof profiles) {
  const dir = await temporaryDir();
  const clock = new InstantClock();
  const policy = policyOf({ may: 'writer', repository: `s3://${Bucket}/dr` }, { account: '1', region });
  const first = roleOf(credentials, { instanceId: 'm', accountId: '1', policy: policy as Policy } as never);
  let role = first;
  // Written once: one that runs at that moment can't be written.
  await writeFile(join(dir, 'process'), `#!/bin/sh\ncat '${join(dir, 'said')}'\n`, { mode: 0o700 });
  let renewals = 0;
  const hand = async () => {
    const { config, shared } = profiles[how];
    await writeFile(join(dir, 'config'), config(dir));
    await writeFile(join(dir, 'credentials'), shared(role.credentials));
    const { accessKeyId, secretAccessKey, sessionToken } = role.credentials;
    const said = JSON.stringify({
      ...{
        Version: 1,
        AccessKeyId: accessKeyId,
        SecretAccessKey: secretAccessKey,
        SessionToken: sessionToken,
      },
      Expiration: new Date(Date.now() + 60 * minutes).toISOString(),
    });
    await writeFile(join(dir, 'said'), said);
  };
  const expire = () => {
    const { expired = [] } = role;
    const sessionToken = `${first.credentials.sessionToken}-${++renewals}`;
    const before = role.credentials.sessionToken;
    role = { ...role, expired: [...expired, before], credentials: { ...role.credentials, sessionToken } };
  };
  await hand();
  vi.stubEnv('AWS_CONFIG_FILE', join(dir, 'config'));
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(dir, 'credentials'));
  onTestFinished(() => void vi.unstubAllEnvs());
  const options = { clock, credentials, region, random: realRandom };
  const lab = await startS3({ ...options, dir: join(dir, 's3'), role: async () => role });
  onTestFinished(() => lab.close());
  const root = new S3Client({ endpoint: lab.url, region, forcePathStyle: true, credentials });
  await root.send(
    new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: region } }),
  );
  root.destroy();
  const connection = await connectS3({
    region,
    endpoint: lab.url,
    profile: 'mover',
    clock,
    random: realRandom,
  });
  onTestFinished(() => connection.close());
  const cycles = new CycleWorld(8 * block);
  const store = s3Store(connection, s3Url(Bucket, 'dr'));
  const repository = await createRepository(store, { random: cycles.random });
  const run = async (at: (step: string) => Promise<void> | void = () => {}) => {
    await cycles.clock.advance(minutes);
    return runCycle({ ...(await cycles.process()), repository, step: async step => at(step) });
  };
  return { cycles, repository, run, expire, hand };
}

test.for(Object.keys(profiles) as (keyof typeof profiles)[])(
  'a cycle goes on when %s was renewed since its token expired, at whatever step, and loses no point',
  async how => {
    const { cycles, repository, run, expire, hand } = await mover(how);
    cycles.disk.write(0, cycles.random.bytes(8 * block));
    const seen = new Set<string>();
    const { point: first } = await run(async step => {
      // Each kind of write finds a token that is over, and another one where it came from.
      if (seen.has(step)) return;
      seen.add(step);
      expire();
      await hand();
    });
    expect(seen.size).toBeGreaterThan(6);
    expect(await restored(repository, first, 0)).toEqual(cycles.disk.content);

    // Nobody renews it for half an hour.
    cycles.disk.write(0, cycles.random.bytes(2 * block));
    let away = false;
    const done = run(step => {
      if (step === 'pack' && !away) {
        away = true;
        expire();
      }
    });
    let over = false;
    const end = () => {
      over = true;
    };
    const ended = done.then(end, end);
    await vi.waitFor(() => expect(away).toBe(true), { timeout: 20_000 });
    // Time enough for what goes over the network between two moments.
    cycles.clock.turns = 500;
    for (let n = 0; n < 60 && !over; n++) await cycles.clock.advance(minutes / 2);
    expect(over).toBe(false);
    await hand();
    for (let n = 0; n < 120 && !over; n++) await cycles.clock.advance(minutes / 12);
    await ended;
    const { point } = await done;
    expect(point.generation).toBe(2);
    expect(await restored(repository, point, 0)).toEqual(cycles.disk.content);
    expect(cycles.machine.snapshotNames).toEqual([]);
  },
);
