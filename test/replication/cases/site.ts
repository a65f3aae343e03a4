import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Failure } from '../../../src/diagnostics/diagnostic.ts';
import type { Clock } from '../../../src/io/ports.ts';
import { labCertificates } from '../../../src/lab/tls.ts';
import { type FaultRule, type Hardware, startVsphere } from '../../../src/lab/vsphere/server.ts';
import type { CyclePolicy, CycleResult } from '../../../src/replication/cycle/options.ts';
import { runCycle } from '../../../src/replication/cycle/run-cycle.ts';
import type { Point } from '../../../src/replication/model/point.ts';
import type { Repository } from '../../../src/replication/model/repository.ts';
import type { SourceMachine } from '../../../src/replication/model/source.ts';
import { connectVsphere, type Reading } from '../../../src/vsphere/client/connect.ts';
import type { OnCall } from '../../../src/vsphere/soap/soap-session.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { openTest } from '../../support/repository.ts';
import { restored } from '../../support/restored.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { SteppedClock } from '../../support/stepped-clock.ts';

export const block = 64 * 1024;

/** A step that a test does something at. */
export type At = (step: string) => Promise<void> | void;

/**
 * A vCenter of the lab, and machines in it that cycles replicate through the real client.
 *
 * @param reading by which nbdkit disks are read; whoever starts one waits for it by `clock`
 */
export async function openSite(reading?: Reading & { clock: Clock }) {
  const dir = await mkdtemp(join(tmpdir(), 'converge-test-'));
  const random = new SeededRandom('cases');
  const clock = new SteppedClock();
  // Waits for a server are over at once.
  const waiting = {
    now: () => clock.now(),
    sleep: async (_: number, signal?: AbortSignal) => signal?.throwIfAborted(),
  };
  const certificates = await labCertificates(dir, { now: () => Date.now(), sleep: waiting.sleep }, random);
  const lab = await startVsphere({
    dir: join(dir, 'vsphere'),
    credentials: { username: 'svc', password: 'pw' },
    tls: { key: certificates.keyPem, cert: certificates.certPem },
    ...{ clock, random },
  });
  const { world } = lab;
  const connect = (onCall?: OnCall) =>
    connectVsphere({
      ...{ url: lab.url, username: 'svc', password: async () => 'pw', ca: certificates.caPem },
      clock: reading ? { now: waiting.now, sleep: reading.clock.sleep } : waiting,
      ...(reading && { reading }),
      ...(onCall && { onCall }),
    });
  const client = await connect();
  let machines = 0;

  /** A machine with disks of so many blocks of random content. */
  async function vm(blocks: number[], more: { hardware?: Partial<Hardware>; independent?: number } = {}) {
    const name = `vm${++machines}`;
    const disks = blocks.map((count, index) => ({
      bytes: count * block,
      ...(index === more.independent && { mode: 'independent_persistent' as const }),
    }));
    await world.addVm({ name, disks, ...(more.hardware && { hardware: more.hardware }) });
    for (const [index, count] of blocks.entries())
      await world.write(name, index, 0, random.bytes(count * block));
    await clock.advance(10_000);
    const machine = await client.machine(name);
    return protectedVm(name, machine);
  }

  function protectedVm(name: string, machine: SourceMachine) {
    const store = memoryStore('memory://case', () => clock.now());
    const repository = (): Promise<Repository> => openTest(store, undefined, `${name} ${store.calls.length}`);
    const self = {
      ...{ name, machine, store, repository },
      write: (index: number, at: number, bytes: Buffer) => world.write(name, index, at, bytes),
      /** Changes whole blocks of the first disk. */
      change: async (...numbers: number[]) => {
        for (const number of numbers) await world.write(name, 0, number * block, random.bytes(block));
      },
      fault: (rule: FaultRule) => world.fault(rule),
      async run(
        policy: Partial<CyclePolicy> = {},
        at: At = () => {},
        over: SourceMachine = machine,
      ): Promise<CycleResult> {
        await clock.advance(60_000);
        return runCycle({
          ...{ machine: over, clock, random, repository: await repository() },
          policy: { quiesce: 'off', exclude: [], rescan: false, ...policy },
          step: async step => at(step),
        });
      },
      /** Codes of the Failure that a cycle ends with; no snapshot of ours is left. */
      async fails(policy: Partial<CyclePolicy> = {}, at: At = () => {}): Promise<string[]> {
        const failure: Failure = await self.run(policy, at).then(
          () => expect.unreachable('the cycle made a point'),
          error => error,
        );
        expect(failure.diagnostics, String(failure.stack)).toBeDefined();
        expect(snapshots().filter(one => one.startsWith('converge-'))).toEqual([]);
        return failure.diagnostics.map(({ code }) => code);
      },
      points: async (): Promise<Point[]> => (await repository()).vm(machine.uuid).points(),
      /** A cycle whose point holds, byte for byte, what the disks hold. */
      async proves(policy: Partial<CyclePolicy> = {}, at: At = () => {}) {
        const result = await self.run(policy, at);
        for (const { index } of result.point.disks) await self.same(result.point, index);
        expect(snapshots().filter(one => one.startsWith('converge-'))).toEqual([]);
        const [disk] = result.disks;
        const warnings = result.warnings.map(({ code }) => code);
        return { ...result, mode: disk!.mode, reason: disk!.reason, codes: warnings };
      },
      async same(point: Point, index: number, content?: Buffer) {
        const disk = point.disks.find(one => one.index === index)!;
        const is = content ?? (await world.read(name, index, 0, disk.bytes));
        expect((await restored(await repository(), point, index)).equals(is)).toBe(true);
      },
      content: (index = 0) =>
        world.read(name, index, 0, world.vms().find(one => one.name === name)!.disks[index]!.bytes),
    };
    const snapshots = () => world.vms().find(one => one.name === name)!.snapshots;
    return self;
  }

  return {
    ...{ world, client, clock, random, vm },
    clear: () => world.fault({ kind: 'clear' }),
    /** What `work` does with a machine over a connection of its own, and the SOAP calls of all that. */
    async counted<T>(name: string, work: (machine: SourceMachine) => Promise<T>) {
      const calls: string[] = [];
      const own = await connect((event, what) => {
        if (event === 'made' && !what.includes('/folder')) calls.push(what);
      });
      const result = await work(await own.machine(name));
      await own.close();
      return { calls, result };
    },
    async close() {
      await client.close();
      await lab.close();
      await rm(dir, { recursive: true });
    },
  };
}

export type Site = Awaited<ReturnType<typeof openSite>>;
