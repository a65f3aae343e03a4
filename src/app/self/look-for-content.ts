import { join } from 'node:path';
import type { Files } from '../../io/ports.ts';
import { contentNames, signatureName } from '../../masterless/content/accept.ts';
import { isDenied } from '../../masterless/content/fetch.ts';
import { parseRollout, type Rollout, rolloutKey } from '../../masterless/rollout/rollout.ts';
import { sha256 } from '../../values/digest.ts';
import type { Self } from './open-self.ts';

/** What an agent saw last, so that S3 may answer "unchanged". Losing it costs two answers with content. */
interface LastLook {
  url: string;
  offered?: { key: string; etag: string; sha256: string };
  rollout?: { etag: string; value?: Rollout };
}

export interface Look {
  /** SHA-256 of what stands for the content: the signature file, or unsigned content itself. */
  offered: string | undefined;
  rollout: Rollout | undefined;
}

const fileOf = (stateDir: string) => join(stateDir, 'agent.json');

/** Asks for signature and rollout, each with the ETag that is known. Rejects with a Failure. */
export async function lookAt(
  self: Pick<Self, 'bucket' | 'environment' | 'stateDir'>,
  files: Files,
  unsigned: boolean,
): Promise<Look> {
  const { bucket, environment, stateDir } = self;
  const last = await readLast(files, stateDir, bucket.url);
  const next: LastLook = { url: bucket.url };

  for (const key of unsigned ? contentNames(environment) : [signatureName(environment)]) {
    const known = last.offered?.key === key ? last.offered : undefined;
    const found = await bucket.get(key, known?.etag).catch(error => {
      if (!isDenied(error) || !unsigned) throw error;
    });
    if (found === 'unchanged') next.offered = known!;
    else if (found)
      next.offered = {
        key,
        etag: found.etag,
        sha256: sha256(found.bytes),
      };
    if (next.offered) break;
  }
  // Most environments have none, and S3 may say 403 for what isn't there to whoever may not list.
  const found = await bucket.get(rolloutKey(environment), last.rollout?.etag).catch(error => {
    if (!isDenied(error)) throw error;
  });
  if (found === 'unchanged') next.rollout = last.rollout!;
  else if (found) {
    const value = parseRollout(found.bytes);
    next.rollout = { etag: found.etag, ...(value?.environment === environment && { value }) };
  }
  if (JSON.stringify(next) !== JSON.stringify(last)) {
    await files.mkdir(stateDir, { recursive: true, mode: 0o700 });
    await files.writeAtomic(fileOf(stateDir), Buffer.from(JSON.stringify(next)), { private: true });
  }
  return { offered: next.offered?.sha256, rollout: next.rollout?.value };
}

async function readLast(files: Files, stateDir: string, url: string): Promise<LastLook> {
  try {
    const last = JSON.parse((await files.read(fileOf(stateDir)))?.toString('utf8') ?? '{}') as LastLook;
    if (last.url === url) return last;
  } catch {}
  return { url };
}
