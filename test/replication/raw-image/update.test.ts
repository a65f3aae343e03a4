import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodeRandom } from '../../../src/io/node.ts';
import { nodeFiles } from '../../../src/io/node-files.ts';
import { inspectImage } from '../../../src/replication/raw-image/inspect.ts';
import { readSidecar, sidecarPath } from '../../../src/replication/raw-image/sidecar.ts';
import { type UpdateOptions, updateImage } from '../../../src/replication/raw-image/update.ts';
import { CycleWorld, KiB } from '../../support/cycles.ts';
import { FakeDisk } from '../../support/fake-machine.ts';

const block = 64 * KiB;
let folder: string;
let path: string;
beforeEach(async () => {
  folder = await fs.mkdtemp(join(tmpdir(), 'raw-image-'));
  path = join(folder, 'disk.raw');
});
afterEach(() => fs.rm(folder, { recursive: true }));

async function optionsFor(cycles: CycleWorld): Promise<UpdateOptions> {
  const repository = await cycles.repository();
  const point = (await repository.vm(cycles.machine.uuid).newest())!;
  return {
    clock: cycles.clock,
    files: nodeFiles,
    random: nodeRandom,
    path,
    repository,
    point,
    disk: point.disks[0]!,
    step: async () => {},
  };
}
const update = async (cycles: CycleWorld, more: Partial<UpdateOptions> = {}) =>
  updateImage({ ...(await optionsFor(cycles)), ...more });
const holds = async (cycles: CycleWorld) => (await fs.readFile(path)).equals(cycles.disk.content);

/** A VM with a disk of `blocks` random blocks and a first point. */
async function protectedDisk(blocks: number, tail = 0): Promise<CycleWorld> {
  const cycles = new CycleWorld(blocks * block + tail);
  cycles.disk.write(0, cycles.random.bytes(cycles.disk.content.length));
  await cycles.run();
  return cycles;
}

describe('a raw image', () => {
  test('is written whole, then only where two points differ', async () => {
    const cycles = await protectedDisk(12, 512);
    expect(await update(cycles)).toEqual({
      how: 'created',
      bytes_written: 12 * block + 512,
      ranges_written: 1,
    });
    expect(await holds(cycles)).toBe(true);

    cycles.disk.write(2 * block + 5, Buffer.from('a'));
    cycles.disk.write(5 * block - 1, Buffer.from('bc'));
    cycles.disk.write(12 * block, Buffer.alloc(512));
    await cycles.run();
    expect(await update(cycles)).toEqual({
      how: 'changes',
      bytes_written: 3 * block + 512,
      ranges_written: 3,
    });
    expect(await holds(cycles)).toBe(true);

    expect(await update(cycles)).toEqual({ how: 'changes', bytes_written: 0, ranges_written: 0 });
  });

  test('of a mostly empty disk stays sparse', async () => {
    const cycles = new CycleWorld(256 * block);
    cycles.disk.write(100 * block, Buffer.from('data'));
    await cycles.run();
    expect(await update(cycles)).toMatchObject({ bytes_written: block });
    const { size, blocks } = await fs.stat(path);
    expect(size).toBe(256 * block);
    expect(blocks * 512).toBeLessThan(4 * block);
  });

  test('that somebody touched is compared byte for byte and mended', async () => {
    const cycles = await protectedDisk(6);
    await update(cycles);
    const file = await fs.open(path, 'r+');
    await file.write('vandal', 3 * block + 100);
    await file.utimes(1, 1);
    await file.close();
    expect((await inspectImage(nodeFiles, path)).trusted).toBe(false);
    expect(await update(cycles)).toEqual({ how: 'compared', bytes_written: block, ranges_written: 1 });
    expect(await holds(cycles)).toBe(true);
    expect((await inspectImage(nodeFiles, path)).trusted).toBe(true);
  });

  test.each([
    ['is gone', () => fs.rm(sidecarPath(path))],
    ['is damaged', () => fs.writeFile(sidecarPath(path), '{ "version": 1, ')],
    ['is of a newer form', () => fs.writeFile(sidecarPath(path), '{ "version": 2, "state": "whole" }')],
    [
      'belongs to a file that was replaced',
      () => fs.copyFile(path, `${path}.2`).then(() => fs.rename(`${path}.2`, path)),
    ],
  ])('whose sidecar %s is compared', async (_what, event) => {
    const cycles = await protectedDisk(3);
    await update(cycles);
    await event();
    cycles.disk.write(0, Buffer.from('new'));
    await cycles.run();
    expect(await update(cycles)).toEqual({ how: 'compared', bytes_written: block, ranges_written: 1 });
    expect(await holds(cycles)).toBe(true);
  });

  test('follows a disk that grows, and one that is replaced by a smaller one', async () => {
    const cycles = await protectedDisk(3, 1024);
    await update(cycles);
    cycles.disk.grow(9 * block);
    cycles.disk.write(8 * block, Buffer.from('end'));
    await cycles.run();
    expect(await update(cycles)).toMatchObject({ how: 'changes', bytes_written: 2 * block });
    expect(await holds(cycles)).toBe(true);

    cycles.machine.disks[0] = new FakeDisk(2000, 2 * block + 512, 'another');
    cycles.disk.write(0, Buffer.from('small'));
    await cycles.run();
    expect(await update(cycles)).toMatchObject({ how: 'compared' });
    expect(await holds(cycles)).toBe(true);
  });

  test('takes the place of whatever file was there', async () => {
    const cycles = await protectedDisk(2);
    await fs.writeFile(path, Buffer.alloc(5 * block, 1));
    expect(await update(cycles)).toMatchObject({ how: 'compared', bytes_written: 2 * block });
    expect(await holds(cycles)).toBe(true);
  });

  test('refuses what is not a file', async () => {
    const cycles = await protectedDisk(1);
    await fs.mkdir(path);
    await expect(update(cycles)).rejects.toMatchObject({ diagnostics: [{ code: 'not-a-file' }] });
    await fs.rmdir(path);
    await fs.symlink(join(folder, 'elsewhere'), path);
    await expect(update(cycles)).rejects.toMatchObject({ diagnostics: [{ code: 'not-a-file' }] });
  });

  test.each(['image-resize', 'image-blocks', 'image-sync', 'image-whole'])(
    'that somebody writes to at %s is not called whole, and is mended by the next run',
    async at => {
      const cycles = await protectedDisk(6);
      await update(cycles);
      cycles.disk.write(0, Buffer.from('new'));
      await cycles.run();
      const step = async (name: string) => {
        if (name !== at) return;
        const file = await fs.open(path, 'r+');
        await file.write('vandal', 4 * block);
        await file.utimes(1, 1); // away from the clock tick of our own writes
        await file.close();
      };
      await expect(update(cycles, { step })).rejects.toMatchObject({
        diagnostics: [{ code: 'image-touched', message: expect.stringContaining(path) }],
      });
      expect((await inspectImage(nodeFiles, path)).trusted).toBe(false);
      expect(await update(cycles)).toMatchObject({ how: 'compared' });
      expect(await holds(cycles)).toBe(true);
    },
  );

  test('is updated by one run at a time', async () => {
    const cycles = await protectedDisk(3);
    await update(cycles);
    cycles.disk.write(0, Buffer.from('new'));
    await cycles.run();
    const second: unknown[] = [];
    const step = async (name: string) => {
      if (name === 'image-writing') second.push(await update(cycles).catch(error => error.diagnostics[0]));
    };
    await update(cycles, { step });
    expect(second).toMatchObject([{ code: 'image-locked', category: 'blocked' }]);
    expect(await holds(cycles)).toBe(true);
    expect(await update(cycles)).toMatchObject({ how: 'changes', bytes_written: 0 });
  });

  test('in a folder that is not there is refused, and none is made', async () => {
    const cycles = await protectedDisk(1);
    await expect(update(cycles, { path: join(folder, 'no', 'disk.raw') })).rejects.toMatchObject({
      diagnostics: [{ message: expect.stringContaining('its directory does not exist') }],
    });
    expect(await fs.readdir(folder)).toEqual([]);
  });

  test('cancelled, says that it is not whole, and is mended by the next run', async () => {
    const cycles = await protectedDisk(3);
    await update(cycles);
    cycles.disk.write(block, Buffer.from('new'));
    await cycles.run();
    const cancel = new AbortController();
    const step = async (name: string) => {
      if (name === 'image-blocks') cancel.abort(new Error('Ctrl-C'));
    };
    await expect(update(cycles, { step, signal: cancel.signal })).rejects.toThrow('Ctrl-C');
    expect(await readSidecar(nodeFiles, path)).toMatchObject({ state: 'writing' });
    expect(await update(cycles)).toMatchObject({ how: 'compared', bytes_written: block });
    expect(await holds(cycles)).toBe(true);
  });
});

test('any history of points, kills and vandals: an update that succeeds leaves the newest point', async () => {
  const event = fc.oneof(
    fc.record({
      kind: fc.constant('write' as const),
      at: fc.nat(6 * block),
      length: fc.integer({ min: 1, max: 2 * block }),
      zero: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('grow' as const), sectors: fc.integer({ min: 1, max: 200 }) }),
    fc.record({ kind: fc.constant('kill' as const), at: fc.nat(4) }),
    fc.constant({ kind: 'update' as const }),
    fc.constant({ kind: 'vandal' as const }),
    fc.constant({ kind: 'rescan' as const }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 600 }),
      fc.array(event, { maxLength: 14 }),
      async (sectors, events) => {
        const cycles = new CycleWorld(sectors * 512);
        await cycles.run();
        for (const happens of [...events, { kind: 'update' as const }]) {
          if (happens.kind === 'write') {
            const at = happens.at % cycles.disk.content.length;
            cycles.disk.write(
              at,
              happens.zero ? Buffer.alloc(happens.length) : cycles.random.bytes(happens.length),
            );
            await cycles.run();
          } else if (happens.kind === 'grow') {
            cycles.disk.grow(cycles.disk.content.length + happens.sectors * 512);
            await cycles.run();
          } else if (happens.kind === 'rescan') await cycles.run({ rescan: true });
          else if (happens.kind === 'vandal') {
            const there = await fs.readFile(path).catch(() => Buffer.alloc(700, 1));
            await fs.writeFile(
              path,
              Buffer.concat([there.subarray(0, there.length / 2), Buffer.from('vandal')]),
            );
            await fs.utimes(path, 1, 1);
          } else if (happens.kind === 'kill') {
            let steps = 0;
            const step = async () => {
              if (steps++ === happens.at) throw new Error('killed');
            };
            await update(cycles, { step }).catch(error => expect(error.message).toBe('killed'));
          } else {
            await update(cycles);
            expect(await holds(cycles)).toBe(true);
            expect(await update(cycles)).toMatchObject({ how: 'changes', bytes_written: 0 });
          }
        }
        await fs.rm(path, { force: true });
        await fs.rm(sidecarPath(path), { force: true });
      },
    ),
    { numRuns: 60 },
  );
});

test('an image and what is known of it are their owner’s alone', async () => {
  await update(await protectedDisk(4));
  for (const at of [path, sidecarPath(path)]) expect((await fs.stat(at)).mode & 0o777).toBe(0o600);
});
