import { blocked, Failure, world } from '../../diagnostics/diagnostic.ts';
import { printable } from '../../diagnostics/text-width.ts';
import { retry } from '../../io/retry.ts';
import type { FleetBucket } from '../content/bucket.ts';
import { parseRollout, type Rollout, rolloutKey } from './rollout.ts';

/** Bytes; ten thousand instances need a quarter of it. */
const largest = 1 << 20;

/** What is announced now, and its ETag. Throws a Failure when the object holds something else. */
export async function readRollout(
  bucket: FleetBucket,
  environment: string,
): Promise<{ rollout: Rollout; etag: string } | undefined> {
  const found = await bucket.get(rolloutKey(environment), { range: { start: 0, end: largest + 1 } });
  if (!found) return undefined;
  const rollout = found.bytes.length > largest ? undefined : parseRollout(found.bytes);
  if (rollout?.environment === environment) return { rollout, etag: found.etag };
  const name = `${bucket.url}/${rolloutKey(environment)}`;
  throw new Failure(
    world('rollout-malformed', `${name} is not a rollout of ${environment}`, {
      hint: 'find out who wrote it, and remove it',
    }),
  );
}

const bytesOf = (rollout: Rollout): Buffer => Buffer.from(`${JSON.stringify(rollout)}\n`);
const running = ({ id, started }: Rollout): string =>
  printable(`the rollout ${id.slice(0, 40)}, begun at ${started.slice(0, 40)}`);

export interface Announcer {
  /** Throws a Failure when the announcement isn't the one that was made last. */
  announce(rollout: Rollout): Promise<void>;
  check(): Promise<void>;
}

/**
 * Who announces a new rollout, each time by compare and swap: two people never roll out over each
 * other. Throws a Failure (blocked) while another rollout is running.
 */
export async function openAnnouncer(bucket: FleetBucket, environment: string): Promise<Announcer> {
  const before = await readRollout(bucket, environment);
  if (before?.rollout.state === 'running') {
    throw new Failure(
      blocked('rollout-running', `${running(before.rollout)}, is still running for ${environment}`, {
        hint: `wait for it; if whoever began it is gone, \`converge rollout halt ${environment}\` ends it`,
      }),
    );
  }
  let etag = before?.etag;
  const takenOver = () =>
    new Failure(
      blocked('rollout-taken-over', `somebody else has halted or replaced the rollout of ${environment}`, {
        hint: `\`converge rollout status ${environment}\` shows its state`,
      }),
    );
  return {
    async announce(rollout) {
      const when = etag === undefined ? ({ ifNoneMatch: '*' } as const) : { ifMatch: etag };
      const put = await bucket.put(rolloutKey(environment), bytesOf(rollout), { when });
      if (!put.ok) throw takenOver();
      etag = put.etag;
    },
    async check() {
      if ((await bucket.get(rolloutKey(environment)))?.etag !== etag) throw takenOver();
    },
  };
}

/** Halts what is announced, whoever began it; undefined when nothing was running. */
export async function haltRollout(bucket: FleetBucket, environment: string): Promise<Rollout | undefined> {
  const done = await retry({ attempts: 5 }, { isNotYet: outcome => outcome === 'changed' }, async () => {
    const found = await readRollout(bucket, environment);
    if (found?.rollout.state !== 'running') return undefined;
    const halted: Rollout = { ...found.rollout, state: 'halted' };
    const put = await bucket.put(rolloutKey(environment), bytesOf(halted), { when: { ifMatch: found.etag } });
    return put.ok ? halted : 'changed';
  });
  if (done !== 'changed') return done;
  throw new Failure(
    blocked('rollout-busy', `the rollout of ${environment} changed each time that it was to be halted`, {
      hint: 'try again',
    }),
  );
}
