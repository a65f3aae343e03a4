import { alertsKey } from '../../../engine/guard/agent-key.ts';
import { canonicalJson } from '../../../engine/model/canonical.ts';
import type { EngineMemory } from '../../../engine/model/world.ts';
import type { Aside, Away } from '../../alerts/alert-turn.ts';

/**
 * Keeps in the state folder what was told while the repository at `url` was away: a timer runs a process
 * each, and what lasts is told once over all of them.
 */
export function asideIn(memory: Pick<EngineMemory, 'get' | 'set'>, url: string): Aside {
  const key = alertsKey(url);
  return {
    get: () => memory.get(key) as Away | undefined,
    async set(away) {
      if (canonicalJson(memory.get(key) ?? null) !== canonicalJson(away ?? null)) await memory.set(key, away);
    },
  };
}
