import type { Host } from '../../io/ports.ts';
import { protectionKey } from '../guard/protection.ts';
import { owedKey } from '../memory/owed-refreshes.ts';
import type { World } from '../model/world.ts';
import type { Recording } from './recording.ts';

/**
 * The world of a recording: its time, its host's place, its targets' identities. Content sources are
 * read from `host`; everything else that planning must not touch throws.
 */
export function recordedWorld(recording: Recording, host: Host, source: World['source']): World {
  const { now, targets, resources } = recording;
  const { lab, labId, ...where } = recording.where;
  const byAddress = new Map(resources.map(resource => [resource.address, resource]));
  const memory = new Map<string, unknown>(
    resources.flatMap(({ address, owed, protection }) => [
      [owedKey(address), owed],
      [protectionKey(address), protection],
    ]),
  );
  return {
    host: {
      ...host,
      ...where,
      clock: { ...host.clock, now: () => Date.parse(now) },
    },
    ...(lab && { lab }),
    ...(labId !== undefined && { labId }),
    memory: {
      engine: {
        get: key => memory.get(key),
        keys: () => memory.keys(),
        set: async () => untouchable('the memory'),
      },
      of: async () => untouchable('the memory'),
    },
    connect: async (_, name) => untouchable(String(name)),
    secret: async ({ $secret }) => untouchable($secret),
    source,
    identify: async ({ name }) => targets[name]?.identity ?? 'unknown',
    appliedSecrets: address => byAddress.get(address)?.secrets ?? {},
  };
}

function untouchable(what: string): never {
  throw new Error(`a plan from observations touched ${what}`);
}
