import { join } from 'node:path';
import type { Host } from '../../src/io/ports.ts';
import type { KnownRepositories } from '../../src/replication/model/clients.ts';
import { knownRepositories } from '../../src/replication/repository/known-repositories.ts';
import { SeededRandom } from './seeded-random.ts';

/** What a state folder knows of repositories, without one: its files are kept in memory. */
export function memoryKnown(): KnownRepositories {
  const held = new Map<string, Buffer>();
  const files = {
    read: async (path: string) => held.get(path),
    stat: async () => undefined,
    list: async () => [],
    mkdir: async () => {},
    writeAtomic: async (path: string, bytes: Buffer) => void held.set(path, bytes),
    remove: async (path: string) => void held.delete(path),
  };
  const host = { files, clock: { now: () => 0, sleep: async () => {} }, random: new SeededRandom('known') };
  return knownRepositories(host as unknown as Host, join('/', 'state'));
}
