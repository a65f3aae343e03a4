import { join } from 'node:path';
import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { Files } from '../../io/ports.ts';
import type { Seen } from '../content/accept.ts';

/** What an instance keeps of its runs, in its own state folder. */
export interface InstanceState {
  seen?: Seen;
  /** RFC 3339: it is not earlier than this, since a run was. */
  time?: string;
  /** What it converged to last: SHA-256 of the signature file, or of content that was taken unsigned. */
  applied?: string;
  /** Id of the last rollout that it did its part of. */
  rollout?: string;
}

const fileOf = (stateDir: string) => join(stateDir, 'instance.json');

/**
 * Empty before the first run. Throws a Failure when the file is damaged: going on without it would let old
 * content be played again.
 */
export async function readInstanceState(files: Files, stateDir: string): Promise<InstanceState> {
  const bytes = await files.read(fileOf(stateDir));
  if (!bytes) return {};
  try {
    const { converge_instance, ...state } = JSON.parse(bytes.toString('utf8'));
    const { time = '1970-01-01' } = state as InstanceState;
    if (converge_instance === 1 && Number.isFinite(Date.parse(time))) return state as InstanceState;
  } catch {}
  throw new Failure(
    world('instance-state-damaged', `${fileOf(stateDir)} is damaged or of a newer version`, {
      hint: 'find out who wrote it; once it is removed, content of any sequence is taken',
    }),
  );
}

export async function writeInstanceState(
  files: Files,
  stateDir: string,
  state: InstanceState,
): Promise<void> {
  await files.mkdir(stateDir, { recursive: true, mode: 0o700 });
  const text = JSON.stringify({ converge_instance: 1, ...state });
  await files.writeAtomic(fileOf(stateDir), Buffer.from(`${text}\n`), { private: true });
}
