import type { WriteIo } from '../../src/engine/model/io.ts';
import { nodeFiles } from '../../src/io/node-files.ts';
import type { KnownRepositories, Repositories } from '../../src/replication/model/clients.ts';
import { type Movers, movingHere } from '../../src/replication/movers/movers.ts';
import type { CycleWorld } from './cycles.ts';
import { memoryKnown } from './known.ts';

/**
 * What a resource type gets from the engine, with the VM and the repository of a CycleWorld behind it and
 * the machine's own files. `refs`: what repositories were opened by, in order.
 */
export function typeIo(
  cycles: CycleWorld,
  options: { signal?: AbortSignal; step?: WriteIo['step']; known?: KnownRepositories; movers?: Movers } = {},
) {
  const { known = memoryKnown(), movers = movingHere } = options;
  const refs: Parameters<Repositories['open']>[] = [];
  const clients = {
    movers,
    bundles: { of: () => 'none' },
    vsphere: { machine: async () => cycles.machine },
    repositories: {
      known,
      isBucketMissing: () => false,
      async open(...ref: Parameters<Repositories['open']>) {
        refs.push(ref);
        return ref[1] === 'read' && cycles.store.objects.size === 0 ? undefined : cycles.repository();
      },
    },
  };
  const io = {
    clock: cycles.clock,
    random: cycles.random,
    platform: 'linux',
    cwd: '/',
    env: {},
    files: nodeFiles,
    signal: options.signal ?? new AbortController().signal,
    client: async (name: keyof typeof clients) => clients[name],
    targetIdentity: async () => 'https://vcenter.example.com',
    progress: () => {},
    step: options.step ?? (async () => {}),
  } as unknown as WriteIo;
  return { io, refs };
}
