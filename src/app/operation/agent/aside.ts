import { alertsKey } from '../../../engine/guard/agent-key.ts';
import { canonicalJson } from '../../../engine/model/canonical.ts';
import type { EngineMemory } from '../../../engine/model/world.ts';
import type { Aside, KnownHere } from '../../alerts/alert-turn.ts';

/**
 * Keeps in the state folder what is known of what the repository at `url` keeps: a timer runs a process each,
 * and what lasts is told once over all of them, also where they can't reach it.
 */
export function asideIn(memory: () => Pick<EngineMemory, 'get' | 'set'>, url: string): Aside {
  const key = alertsKey(url);
  return {
    get: () => memory().get(key) as KnownHere | undefined,
    async set(known) {
      if (canonicalJson(memory().get(key) ?? null) !== canonicalJson(known)) await memory().set(key, known);
    },
  };
}
