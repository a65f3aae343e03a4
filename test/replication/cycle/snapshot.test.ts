import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/diagnostics/diagnostic.ts';
import { runCycle } from '../../../src/replication/cycle/run-cycle.ts';
import { CycleWorld, KiB } from '../../support/cycles.ts';
import { world } from '../../support/made-up.ts';
import { restored } from '../../support/restored.ts';

const block = 64 * KiB;
const created = (cycles: CycleWorld) =>
  cycles.machine.calls.filter(call => call.startsWith('createSnapshot'));
const fault = () => new Failure(world('task-failed', 'the datastore is full'));

describe('quiescing', () => {
  test('prefer: the point of a quiesced snapshot is application-consistent', async () => {
    const { point, warnings } = await new CycleWorld(block).run({ quiesce: 'prefer' });
    expect(point.consistency).toBe('application');
    expect(warnings).toEqual([]);
  });

  test('prefer: one retry without, and the point is labelled by what it is', async () => {
    const cycles = new CycleWorld(block);
    cycles.machine.quiesces = false;
    const { point, warnings } = await cycles.run({ quiesce: 'prefer' });
    expect(created(cycles)).toEqual(['createSnapshot quiesced', 'createSnapshot plain']);
    expect(point.consistency).toBe('crash');
    expect(warnings).toMatchObject([{ code: 'not-quiesced', severity: 'warning' }]);
    expect(cycles.machine.snapshotNames).toEqual([]);
  });

  test('require: no point without', async () => {
    const cycles = new CycleWorld(block);
    cycles.machine.quiesces = false;
    await expect(cycles.run({ quiesce: 'require' })).rejects.toMatchObject({
      diagnostics: [{ code: 'quiesce-failed', hint: expect.stringContaining('quiesce: prefer') }],
    });
    expect(created(cycles)).toEqual(['createSnapshot quiesced']);
  });

  test('a VM that is powered off is never called application-consistent', async () => {
    const cycles = new CycleWorld(block);
    cycles.machine.poweredOn = false;
    expect((await cycles.run({ quiesce: 'prefer' })).point.consistency).toBe('crash');
    await expect(cycles.run({ quiesce: 'require' })).rejects.toMatchObject({
      diagnostics: [{ code: 'quiesce-failed' }],
    });
  });
});

describe('a snapshot is never left behind', () => {
  test.each(['frozen', 'open', 'read'] as const)('when %s fails', async operation => {
    const cycles = new CycleWorld(block);
    cycles.machine.faults.set(operation, fault());
    await expect(cycles.run()).rejects.toMatchObject({ diagnostics: [{ code: 'task-failed' }] });
    expect(cycles.machine.snapshotNames).toEqual([]);
    expect((await cycles.run()).point.generation).toBe(1);
  });

  test('when the answer to its creation was lost: its name tells', async () => {
    const cycles = new CycleWorld(block);
    cycles.machine.faults.set('createSnapshot', fault());
    await expect(cycles.run()).rejects.toMatchObject({ diagnostics: [{ code: 'task-failed' }] });
    expect(cycles.machine.snapshotNames).toEqual([]);
  });

  test.each(['create-snapshot', 'copy-disk-0', 'head'])('when the run is cancelled at %s', async at => {
    const cycles = new CycleWorld(4 * block);
    const cancel = new AbortController();
    const options = await cycles.process();
    const step = async (name: string) => {
      if (name === at) cancel.abort(new Error('Ctrl-C'));
    };
    const cycle = runCycle({ ...options, step, signal: cancel.signal });
    if (at === 'head') await cycle;
    else await expect(cycle).rejects.toThrow('Ctrl-C');
    expect(cycles.machine.snapshotNames).toEqual([]);
    expect((await cycles.run()).point.generation).toBe(at === 'head' ? 2 : 1);
  });

  test('when the run is cancelled while the store keeps a put waiting', async () => {
    const cycles = new CycleWorld(80 * 1024 * KiB);
    const noise = cycles.random.bytes(block);
    for (let at = 0; at < cycles.disk.content.length; at += block) {
      noise.writeUInt32LE(at, 0);
      cycles.disk.write(at, noise);
    }
    const cancel = new AbortController();
    cycles.store.before = call =>
      call.name === 'put' && call.key.includes('/packs/') ? new Promise<void>(() => {}) : undefined;
    const cycle = runCycle({ ...(await cycles.process()), signal: cancel.signal });
    cycle.catch(() => {});
    // Until nothing more happens: the reader waits for the writer, the writer for the store.
    for (let seen = -1, still = 0; still < 50; still = seen === cycles.machine.calls.length ? still + 1 : 0) {
      seen = cycles.machine.calls.length;
      await new Promise(resolve => setImmediate(resolve));
    }
    cancel.abort(new Error('Ctrl-C'));
    await expect(cycle).rejects.toThrow('Ctrl-C');
    expect(cycles.machine.snapshotNames).toEqual([]);
  });

  test('a removal that fails is said, with the fate of the point, and made up for', async () => {
    const cycles = new CycleWorld(block);
    cycles.machine.faults.set('removeSnapshot', fault());
    await expect(cycles.run()).rejects.toMatchObject({
      diagnostics: [
        { code: 'task-failed' },
        {
          code: 'snapshot-left',
          message: expect.stringMatching(/converge-.*the point of this cycle is complete/),
        },
      ],
    });
    expect(cycles.machine.snapshotNames).toHaveLength(1);
    const { point } = await cycles.run();
    expect(point.generation).toBe(2);
    expect(cycles.machine.snapshotNames).toEqual([]);
  });

  test('what failed first is said first when the removal fails too', async () => {
    const cycles = new CycleWorld(block);
    cycles.machine.faults.set('read', new Failure(world('read-failed', 'no')));
    cycles.machine.faults.set('removeSnapshot', fault());
    await expect(cycles.run()).rejects.toMatchObject({
      diagnostics: [
        { code: 'read-failed' },
        { code: 'task-failed' },
        { code: 'snapshot-left', message: expect.stringContaining('was not made') },
      ],
    });
  });

  test('disks that need consolidation get it before the snapshot and after it', async () => {
    const cycles = new CycleWorld(block);
    cycles.machine.consolidationNeeded = true;
    const options = await cycles.process();
    await runCycle({
      ...options,
      step: async name => {
        if (name === 'remove-snapshot') cycles.machine.consolidationNeeded = true;
      },
    });
    const order = cycles.machine.calls.map(call => call.split(' ')[0]);
    expect(order.filter(call => /consolidate|Snapshot/.test(call!))).toEqual([
      'consolidate',
      'createSnapshot',
      'removeSnapshot',
      'consolidate',
    ]);
  });
});

describe('a snapshot that somebody else removes', () => {
  /** Deletes all snapshots once the disk was opened, then the guest writes. */
  const deleteWhenOpen = (cycles: CycleWorld, then = () => {}) => {
    const open = cycles.machine.open.bind(cycles.machine);
    cycles.machine.open = async (snapshot, disk) => {
      const source = await open(snapshot, disk);
      cycles.machine.open = open;
      cycles.machine.snapshots = [];
      cycles.disk.write(0, Buffer.alloc(block, 2));
      then();
      return source;
    };
  };
  const gone = { diagnostics: [{ code: 'snapshot-gone', message: expect.stringContaining('of dc02') }] };

  test('while it is read: what was read is of two moments, and no point', async () => {
    const cycles = new CycleWorld(4 * block);
    cycles.disk.write(0, Buffer.alloc(block, 1));
    await cycles.run();
    cycles.disk.write(block, Buffer.alloc(block, 1));
    deleteWhenOpen(cycles);
    await expect(cycles.run()).rejects.toMatchObject(gone);
    expect(await cycles.points()).toHaveLength(1);
    const next = await cycles.run();
    expect((await restored(await cycles.repository(), next.point, 0)).equals(cycles.disk.content)).toBe(true);
  });

  test('one that another product made since is not ours, whatever its name', async () => {
    const cycles = new CycleWorld(block);
    let name = '';
    deleteWhenOpen(cycles, () => cycles.machine.addForeignSnapshot(name));
    const step = async (at: string) => {
      if (at === 'copy-disk-0') name = cycles.machine.snapshotNames[0]!;
    };
    await expect(runCycle({ ...(await cycles.process()), step })).rejects.toMatchObject(gone);
    expect(cycles.machine.snapshotNames).toEqual([name]);
  });

  test('after all was read: the point is whole, and the result warns', async () => {
    const cycles = new CycleWorld(block);
    cycles.disk.write(0, Buffer.alloc(block, 1));
    const step = async (name: string) => {
      if (name === 'head') cycles.machine.snapshots = [];
    };
    const { point, warnings } = await runCycle({ ...(await cycles.process()), step });
    expect(warnings).toMatchObject([{ code: 'snapshot-removed', severity: 'warning' }]);
    expect((await restored(await cycles.repository(), point, 0)).equals(Buffer.alloc(block, 1))).toBe(true);
  });
});

describe('recovery', () => {
  test('removes the snapshots of its own dead cycles only', async () => {
    const cycles = new CycleWorld(block);
    await cycles.killedAt(3, 'gone'); // after take-lease, create-snapshot and copy-disk-0
    const repository = (await cycles.repository()).id.slice(0, 8);
    const [orphan] = cycles.machine.snapshotNames;
    expect(orphan).toMatch(new RegExp(`^converge-5031b9c2-${repository}-1-[0-9a-f]{8}$`));
    const others = [
      'converge-5031b9c2-ffffffff-1-00000000', // another repository's cycle
      `converge-ffffffff-${repository}-1-00000000`, // another VM's
      'converge backup',
    ];
    for (const name of others) cycles.machine.addForeignSnapshot(name);
    await cycles.run();
    expect(cycles.machine.snapshotNames).toEqual(others);
  });

  test('raises the epoch above that of any snapshot of its own, also when the lease object was lost', async () => {
    const cycles = new CycleWorld(block);
    const repository = (await cycles.repository()).id.slice(0, 8);
    cycles.machine.addForeignSnapshot(`converge-5031b9c2-${repository}-9-00000000`);
    const { point } = await cycles.run();
    expect(point.epoch).toBe(10);
    expect(cycles.machine.snapshotNames).toEqual([]);
  });
});
