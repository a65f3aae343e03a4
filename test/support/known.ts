import { join } from 'node:path';
import type { Files } from '../../src/io/ports.ts';
import type { KnownRepositories } from '../../src/replication/model/clients.ts';
import { knownRepositories } from '../../src/replication/repository/known.ts';

/** What a state folder knows of repositories, without one: its file is kept in memory. */
export function memoryKnown(): KnownRepositories {
  const held = new Map<string, Buffer>();
  const files = {
    read: async (path: string) => held.get(path),
    mkdir: async () => {},
    writeAtomic: async (path: string, bytes: Buffer) => void held.set(path, bytes),
  };
  return knownRepositories(files as unknown as Files, join('/', 'state'));
}
