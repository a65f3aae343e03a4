import { describe, expect, test } from 'vitest';
import type { FleetBucket } from '../../src/masterless/content/bucket.ts';
import { haltRollout, openAnnouncer, readRollout } from '../../src/masterless/rollout/announce.ts';
import { type Rollout, rolloutKey } from '../../src/masterless/rollout/rollout.ts';
import { codeOf, hash } from './support.ts';

const rollout = (id: string, state: Rollout['state'], instances: string[] = []): Rollout => ({
  converge_rollout: 1,
  id,
  environment: 'taupe',
  started: '2026-01-01T00:00:00Z',
  state,
  instances,
});

/** One object, written by compare and swap; `foreign` writes without asking. */
function bucketOf(content?: Buffer) {
  let bytes = content;
  const bucket: FleetBucket = {
    url: 's3://cust',
    async *list() {},
    async get(key, { range } = {}) {
      expect(key).toBe(rolloutKey('taupe'));
      return bytes && { bytes: bytes.subarray(range?.start, range?.end), etag: hash(bytes) };
    },
    async put(_, next, { when }) {
      const fits = 'ifMatch' in when ? bytes !== undefined && hash(bytes) === when.ifMatch : !bytes;
      if (!fits) return { ok: false };
      bytes = next;
      return { ok: true, etag: hash(next) };
    },
  };
  return {
    bucket,
    foreign: (value: object) => {
      bytes = Buffer.from(JSON.stringify(value));
    },
    now: () => JSON.parse(String(bytes)) as Rollout,
  };
}
const written = (value: object) => bucketOf(Buffer.from(JSON.stringify(value)));

describe('announcing', () => {
  test('is a chain of swaps, from nothing or from a rollout that has ended', async () => {
    for (const { bucket, now } of [
      bucketOf(),
      written(rollout('r0', 'done')),
      written(rollout('r0', 'halted')),
    ]) {
      const { announce, check } = await openAnnouncer(bucket, 'taupe');
      await announce(rollout('r1', 'running', ['i-1']));
      await check();
      await announce(rollout('r1', 'running', ['i-1', 'i-2']));
      await check();
      expect(now().instances).toEqual(['i-1', 'i-2']);
    }
  });

  test('is refused while another is running', async () => {
    const { bucket } = written(rollout('r0', 'running'));
    expect(await codeOf(() => openAnnouncer(bucket, 'taupe'))).toBe('rollout-running');
  });

  test('of two who begin at once, one may', async () => {
    const { bucket, now } = bucketOf();
    const [one, two] = [await openAnnouncer(bucket, 'taupe'), await openAnnouncer(bucket, 'taupe')];
    await one.announce(rollout('r1', 'running'));
    expect(await codeOf(() => two.announce(rollout('r2', 'running')))).toBe('rollout-taken-over');
    expect(now().id).toBe('r1');
  });

  test('leaves alone what somebody else has changed meanwhile, and notices before', async () => {
    const { bucket, foreign, now } = bucketOf();
    const { announce, check } = await openAnnouncer(bucket, 'taupe');
    await announce(rollout('r1', 'running'));
    foreign(rollout('r1', 'halted'));
    expect(await codeOf(check)).toBe('rollout-taken-over');
    expect(await codeOf(() => announce(rollout('r1', 'running', ['i-1'])))).toBe('rollout-taken-over');
    expect(now()).toEqual(rollout('r1', 'halted'));
  });
});

describe('halting', () => {
  test('keeps all else that was announced', async () => {
    const { bucket, now } = written(rollout('r1', 'running', ['i-1']));
    expect(await haltRollout(bucket, 'taupe')).toEqual(rollout('r1', 'halted', ['i-1']));
    expect(now()).toEqual(rollout('r1', 'halted', ['i-1']));
    expect(await haltRollout(bucket, 'taupe')).toBeUndefined();
  });

  test('reads again when a wave was announced in between', async () => {
    const { bucket, foreign, now } = written(rollout('r1', 'running', ['i-1']));
    let between = 1;
    const put: FleetBucket['put'] = async (...args) => {
      if (between-- > 0) foreign(rollout('r1', 'running', ['i-1', 'i-2']));
      return bucket.put(...args);
    };
    await haltRollout({ ...bucket, put }, 'taupe');
    expect(now()).toEqual(rollout('r1', 'halted', ['i-1', 'i-2']));
    foreign(rollout('r2', 'running'));
    const never = async () => ({ ok: false }) as const;
    expect(await codeOf(() => haltRollout({ ...bucket, put: never }, 'taupe'))).toBe('rollout-busy');
  });
});

test.each<[string, object]>([
  ['of another environment', { ...rollout('r1', 'running'), environment: 'pink' }],
  ['of a later version', { ...rollout('r1', 'running'), converge_rollout: 2 }],
  ['in an unknown state', { ...rollout('r1', 'running'), state: 'paused' }],
  ['without an end', { ...rollout('r1', 'running'), padding: 'x'.repeat(2 << 20) }],
])('a rollout %s is refused', async (_, value) => {
  const { bucket } = written(value);
  expect(await codeOf(() => readRollout(bucket, 'taupe'))).toBe('rollout-malformed');
});
