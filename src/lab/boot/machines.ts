import { mkdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import type { Clock, Random } from '../../io/ports.ts';
import { blocksOf } from '../blocks/bytes.ts';
import { exportDisk } from '../ec2/inspect.ts';
import { typeOf } from '../ec2/instances/instance-types.ts';
import type { LabInstance } from '../ec2/world/state.ts';
import type { Ec2World } from '../ec2/world/world.ts';
import { type MetadataLab, startMetadata } from '../instance/metadata.ts';
import { metadataSettings } from './metadata-of.ts';
import { type Machine, startMachine } from './qemu.ts';

/** Milliseconds between two looks at a machine that boots. */
const lookEvery = 500;
/** After which a machine that nothing was heard of counts as one that doesn't boot. */
const patience = 180_000;
/** Most memory of a machine here, whatever its type has: a test runs several on a small host. */
const mostMemory = 1024;

export interface Booted {
  instance: string;
  ports: Record<number, number>;
}

/** The instances that QEMU runs, for as long as this process has the lab. */
export interface Machines {
  /** Boots a running instance from its volumes as they are. Throws a Failure. */
  boot(id: string, ports: readonly number[]): Promise<Booted>;
  /** Ends those whose instance no longer runs, or was started anew. */
  follow(): Promise<void>;
  screenshot(id: string): Promise<Buffer | undefined>;
  /** Where a port of a private address is reached on this machine. */
  reach(address: string, port: number): Promise<number | undefined>;
  close(): Promise<void>;
}

interface Running {
  machine: Machine;
  metadata: MetadataLab;
  dir: string;
  /** Of the start that it belongs to. */
  launched: number;
  watch: AbortController;
}

export function labMachines(
  world: Ec2World,
  dir: string,
  { clock, random, ...account }: { clock: Clock; random: Random; region: string; account: string },
): Machines {
  const running = new Map<string, Running>();

  async function end(id: string): Promise<void> {
    const it = running.get(id);
    running.delete(id);
    it?.watch.abort();
    await it?.machine.stop();
    await it?.metadata.close();
    if (it) await rm(it.dir, { recursive: true, force: true });
  }

  async function disksOf(instance: LabInstance, folder: string) {
    const { volumes } = await world.state();
    const tables = await world.tables();
    const isRoot = (device: string) => device === instance.rootDevice;
    const devices = [...instance.devices].sort((a, b) => Number(isRoot(b.device)) - Number(isRoot(a.device)));
    const disks = [];
    for (const { volume: id } of devices) {
      const volume = volumes[id]!;
      const path = join(folder, `${id}.raw`);
      await exportDisk(world, await blocksOf(tables, volume), volume.size * 2 ** 30, path);
      disks.push({ path, serial: id });
    }
    return disks;
  }

  /** Looks at a machine until it answers, ends, or has had its time; what is seen is what EC2 then says. */
  async function watch(id: string, { machine, launched, watch: { signal } }: Running): Promise<void> {
    for (let waited = 0; !signal.aborted; waited += lookEvery) {
      const text = await machine.console();
      const ports = Object.values(machine.ports);
      // A machine that ends takes its connections with it, which looks like an answer: the next one is
      // refused.
      const isUp = (await answers(ports)) && (await answers(ports));
      const isOver = isUp || machine.hasEnded() || waited >= patience;
      await world.change(({ state, now }) => {
        const instance = state.instances[id];
        if (instance?.state !== 'running' || instance.boot?.at !== launched) return;
        if (text === instance.boot.console && !isOver) return;
        instance.boot = { ...instance.boot, boots: isUp, console: text, seen: now };
        if (!isOver) return;
        instance.systemCheck = 'ok';
        instance.instanceCheck = isUp ? 'ok' : 'impaired';
      });
      if (machine.hasEnded()) return;
      await clock.sleep(lookEvery, signal).catch(() => {});
    }
  }

  return {
    async boot(id, ports) {
      const instance = (await world.state()).instances[id];
      if (instance?.state !== 'running')
        throw new Failure(
          given('not-running', `${id} is not an instance of the lab that is running`, {
            hint: '`converge lab show` lists the instances',
          }),
        );
      await end(id);
      const folder = join(dir, id);
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const metadata = await startMetadata({
        instance: async () => metadataSettings(await world.state(), id, account),
        clock,
        random,
      });
      const machine = await startMachine({
        dir: folder,
        model: { instance: id, type: instance.type },
        metadata: Number(new URL(metadata.url).port),
        disks: await disksOf(instance, folder),
        firmware:
          instance.bootMode === undefined || instance.bootMode === 'legacy-bios' ? 'legacy-bios' : 'uefi',
        memoryMiB: Math.min(typeOf(instance.type).memoryMiB, mostMemory),
        mac: instance.interface.mac,
        ports,
      }).catch(async (error: unknown) => {
        await metadata.close();
        throw error;
      });
      const launched = await world.change(({ state, now }) => {
        const it = state.instances[id]!;
        it.boot = { by: 'qemu', boots: false, console: '', at: now, ports: machine.ports };
        it.systemCheck = 'initializing';
        it.instanceCheck = 'initializing';
        return now;
      });
      const it = { machine, metadata, dir: folder, launched, watch: new AbortController() };
      running.set(id, it);
      void watch(id, it);
      return { instance: id, ports: machine.ports };
    },

    async follow() {
      if (running.size === 0) return;
      const { instances } = await world.state();
      for (const [id, { launched }] of running) {
        const instance = instances[id];
        if (instance?.state !== 'running' || instance.boot?.at !== launched) await end(id);
      }
    },

    screenshot: async id => running.get(id)?.machine.screenshot(),

    async reach(address, port) {
      const { instances } = await world.state();
      const found = Object.values(instances).find(
        // Before the machine answers, QEMU takes connections in its place.
        it => it.privateIp === address && it.state === 'running' && it.boot?.boots && running.has(it.id),
      );
      return found && running.get(found.id)?.machine.ports[port];
    },

    async close() {
      for (const id of [...running.keys()]) await end(id);
    },
  };
}

/**
 * Whether a machine's network stack answers on any of these ports, which QEMU takes connections on before the
 * machine does: one that is up refuses at once where nothing listens, one that isn't stays silent.
 */
async function answers(ports: number[]): Promise<boolean> {
  const results = await Promise.all(
    ports.map(
      port =>
        new Promise<boolean>(resolve => {
          const socket = connect({ host: '127.0.0.1', port });
          const finish = (result: boolean) => {
            socket.destroy();
            resolve(result);
          };
          socket.setTimeout(lookEvery, () => finish(false));
          socket.on('connect', () => socket.write('\r\n'));
          // Refused by this host: QEMU itself isn't there yet, or any more.
          socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code !== 'ECONNREFUSED'));
          for (const event of ['data', 'end', 'close'] as const) socket.on(event, () => finish(true));
        }),
    ),
  );
  return results.some(Boolean);
}
