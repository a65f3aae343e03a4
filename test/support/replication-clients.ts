import { Failure, world as worldSays } from '../../src/diagnostics/diagnostic.ts';
import type { World } from '../../src/engine/model/world.ts';
import type { Clock } from '../../src/io/ports.ts';
import { bundles } from '../../src/recovery/bundle/declared-bundles.ts';
import { parseKey } from '../../src/replication/format/keys.ts';
import type { RepositoryRef } from '../../src/replication/model/clients.ts';
import type { Repository } from '../../src/replication/model/repository.ts';
import type { CanonicalUrl } from '../../src/replication/model/repository-url.ts';
import { movingHere } from '../../src/replication/movers/movers.ts';
import { createRepository } from '../../src/replication/repository/open-repository.ts';
import { type RepositoryProperty, repositoryRef } from '../../src/resources/shared/repository-property.ts';
import type { FakeMachine } from './fake-machine.ts';
import { memoryKnown } from './known.ts';
import { type MemoryStore, memoryStore } from './memory-store.ts';
import { KeptOwners } from './owner-records.ts';
import { SeededRandom } from './seeded-random.ts';

/** A clock for whole runs: short sleeps pass at once, a heartbeat's long ones only end with their cycle. */
export function runClock(now = Date.UTC(2026, 0, 1)): Clock & { time: number } {
  const clock = {
    time: now,
    now: () => clock.time,
    async sleep(ms: number, signal?: AbortSignal) {
      if (ms >= 60_000)
        await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
      else clock.time += ms;
    },
  };
  return clock;
}

/** The clients that replication types ask for, over machines and repositories in memory. */
export function replicationClients(
  machines: Map<string, FakeMachine>,
  secret: World['secret'],
): { connect: World['connect']; open(property: RepositoryProperty): Promise<Repository> } {
  const random = new SeededRandom('repositories');
  const stores = new Map<CanonicalUrl, MemoryStore>();
  const open = async ({ url: { canonical }, key }: RepositoryRef) => {
    const store = stores.get(canonical) ?? memoryStore(canonical);
    stores.set(canonical, store);
    return createRepository(store, { key: key && parseKey(await secret(key), 'test'), random });
  };
  const clients: Record<string, object> = {
    movers: movingHere,
    owner_records: new KeptOwners(),
    bundles: { ...bundles(undefined), of: () => 'none' },
    vsphere: {
      vms: async () =>
        [...machines].map(([name, { uuid, snapshotNames }]) => ({
          ...{ name, uuid, biosUuid: '', moref: name, template: false },
          snapshots: snapshotNames,
          ...{ path: `/DC/vm/${name}`, folder: '/DC/vm' },
        })),
      async machine(name: string) {
        const found =
          machines.get(name) ?? [...machines.values()].find(({ uuid }) => uuid === name.toLowerCase());
        if (!found) throw new Failure(worldSays('vm-not-found', `there is no VM ${name}`));
        return found;
      },
    },
    repositories: {
      known: memoryKnown(),
      isBucketMissing: () => true,
      open: async (ref: RepositoryRef, mode: 'read' | 'create') =>
        mode === 'create' || stores.has(ref.url.canonical) ? open(ref) : undefined,
    },
  };
  return { open: property => open(repositoryRef(property)), connect: async (_target, name) => clients[name] };
}
