import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Step } from '../../../src/engine/model/resource-type.ts';
import {
  type RawImageProperties,
  type RawImageState,
  rawImage,
} from '../../../src/resources/host/raw_image.ts';
import { CycleWorld, KiB } from '../../support/cycles.ts';
import { FakeDisk } from '../../support/fake-machine.ts';
import { typeIo } from '../../support/type-io.ts';

const block = 64 * KiB;
const properties: RawImageProperties = { vm: 'DC02', repository: 's3://dr/vms' };
let folder: string;
let path: string;
beforeEach(async () => {
  folder = await fs.mkdtemp(join(tmpdir(), 'raw-image-type-'));
  path = join(folder, 'dc02.raw');
});
afterEach(() => fs.rm(folder, { recursive: true }));

const asked = (more: Partial<RawImageProperties> = {}) => ({
  id: path,
  title: path,
  properties: { ...properties, ...more },
});
const observe = async (cycles: CycleWorld, more: Partial<RawImageProperties> = {}) =>
  (await rawImage.observe([asked(more)], typeIo(cycles).io)).get(path)!;

async function apply(
  cycles: CycleWorld,
  kind: 'create' | 'delete' = 'create',
  more: Partial<RawImageProperties> = {},
) {
  const common = { id: path, asked: asked(more), signal: new AbortController().signal };
  const step: Step<RawImageProperties, RawImageState> =
    kind === 'create'
      ? { ...common, kind, should: rawImage.desired(properties, path) }
      : { ...common, kind, is: { point: 'newest', whole: true } };
  return (await rawImage.apply([step], typeIo(cycles).io)).get(path)!;
}

const present = (point: RawImageState['point'], whole: boolean) => ({
  state: 'present',
  value: { point, whole },
});

describe('raw_image', () => {
  test('is made, is in sync, falls behind with each new point, and follows', async () => {
    const cycles = new CycleWorld(4 * block);
    cycles.disk.write(0, Buffer.from('first'));
    await cycles.run();
    expect(await observe(cycles)).toEqual({ state: 'absent' });
    expect(await apply(cycles)).toMatchObject({
      ok: true,
      numbers: { bytes_written: block, ranges_written: 1 },
    });
    expect(await observe(cycles)).toEqual(present('newest', true));

    cycles.disk.write(2 * block, Buffer.from('second'));
    await cycles.run();
    expect(await observe(cycles)).toEqual(present('behind', true));
    expect(await apply(cycles)).toMatchObject({ ok: true, note: 'point 2, 1 ranges written' });
    expect(await observe(cycles)).toEqual(present('newest', true));
    expect((await fs.readFile(path)).equals(cycles.disk.content)).toBe(true);
  });

  test('touched by somebody else, it is neither newest nor whole', async () => {
    const cycles = new CycleWorld(block);
    await cycles.run();
    await apply(cycles);
    await fs.utimes(path, 1, 1);
    expect(await observe(cycles)).toEqual(present('behind', false));
    expect(await apply(cycles)).toMatchObject({
      ok: true,
      note: expect.stringContaining('after comparing all of it'),
    });
    expect(await observe(cycles)).toEqual(present('newest', true));
  });

  test('made from a newer point than there is by now, it goes back only where that was allowed', async () => {
    const cycles = new CycleWorld(block);
    cycles.disk.write(0, Buffer.from('first'));
    await cycles.run();
    const before = new Map(cycles.store.objects);
    cycles.disk.write(0, Buffer.from('second'));
    await cycles.run();
    await apply(cycles);
    // The repository was put back to what it was a point ago.
    cycles.store.objects.clear();
    for (const [key, object] of before) cycles.store.objects.set(key, object);
    const seen = await observe(cycles);
    const back = {
      from: expect.stringMatching(/^point 2 of 20/),
      to: expect.stringMatching(/^point 1 of 20/),
    };
    expect(seen).toEqual({ state: 'present', value: { point: 'newer', back, whole: true } });
    const is = (seen as { value: RawImageState }).value;
    const fields = rawImage.diff!(is, rawImage.desired(properties, path));
    expect(fields).toEqual([{ path: '/point', before: back.from, after: back.to, grade: 'weakens' }]);

    // A plan that knew of nothing, and an image that somebody else touched or that was not finished.
    const holds = async () => (await fs.readFile(path)).subarray(0, 6).toString();
    const refused = { ok: false, diagnostic: { code: 'image-newer', category: 'blocked' } };
    expect(await apply(cycles)).toMatchObject(refused);
    await fs.utimes(path, 1, 1);
    expect(await observe(cycles)).toMatchObject({ value: { point: 'newer', whole: false } });
    expect(await apply(cycles)).toMatchObject(refused);
    expect(await holds()).toBe('second');

    const common = { id: path, asked: asked(), signal: new AbortController().signal };
    const allowed = {
      ...common,
      kind: 'update' as const,
      is,
      fields,
      should: rawImage.desired(properties, path),
    };
    expect((await rawImage.apply([allowed], typeIo(cycles).io)).get(path)).toMatchObject({ ok: true });
    expect(await observe(cycles)).toEqual(present('newest', true));
    expect(await holds()).toBe('first\0');
  });

  test('what comes after points were lost is newer, though its number is lower', async () => {
    const cycles = new CycleWorld(block);
    await cycles.run();
    const before = new Map(cycles.store.objects);
    await cycles.run();
    await cycles.run();
    await apply(cycles);
    cycles.store.objects.clear();
    for (const [key, object] of before) cycles.store.objects.set(key, object);
    cycles.disk.write(0, Buffer.from('since'));
    await cycles.run();
    expect(await observe(cycles)).toEqual(present('behind', true));
    expect(await apply(cycles)).toMatchObject({ ok: true, note: expect.stringMatching(/^point 2,/) });
  });

  test('is never overwritten with another disk of the VM while the point holds its own', async () => {
    const cycles = new CycleWorld(block, block);
    cycles.machine.disks[0]!.write(0, Buffer.from('system disk'));
    cycles.machine.disks[1]!.write(0, Buffer.from('data disk'));
    const holds = async () => (await fs.readFile(path)).subarray(0, 9).toString();
    await cycles.run();
    await apply(cycles, 'create', { disk: 1 });
    cycles.machine.disks.unshift(new FakeDisk(200, block, 'new on a first controller'));
    await cycles.run();
    expect(await observe(cycles, { disk: 1 })).toEqual(present('behind', true));
    expect(await apply(cycles, 'create', { disk: 1 })).toMatchObject({
      ok: false,
      diagnostic: {
        code: 'disk-moved',
        message: expect.stringContaining('holds Hard disk 3, which is disk 2 by now'),
        hint: `declare \`disk: 2\` to go on with it, or remove ${path}.converge.json to hold the other disk from now on`,
      },
    });
    expect(await holds()).toBe('data disk');
    expect(await apply(cycles, 'create', { disk: 2 })).toMatchObject({ ok: true });
    expect(await holds()).toBe('data disk');
    await fs.rm(`${path}.converge.json`);
    expect(await apply(cycles, 'create', { disk: 1 })).toMatchObject({ ok: true });
    expect(await holds()).toBe('system di');
  });

  test('before the first point it is absent, and making it says what is missing', async () => {
    const cycles = new CycleWorld(block);
    expect(await observe(cycles)).toEqual({ state: 'absent' });
    expect(await apply(cycles)).toMatchObject({
      ok: false,
      diagnostic: {
        code: 'no-point',
        message: 's3://dr/vms holds no recovery point of DC02 to make an image of',
      },
    });
    await fs.writeFile(path, 'something');
    expect(await observe(cycles)).toEqual(present('behind', false));
  });

  test('a disk that the point has not is refused with those that it has', async () => {
    const cycles = new CycleWorld(block);
    await cycles.run();
    expect(await apply(cycles, 'create', { disk: 3 })).toMatchObject({
      ok: false,
      diagnostic: { code: 'no-such-disk', hint: 'it holds 0: Hard disk 1' },
    });
  });

  test('absent removes it and its note, and can be done twice; what is not a file is left alone', async () => {
    const cycles = new CycleWorld(block);
    await cycles.run();
    await apply(cycles);
    expect(await apply(cycles, 'delete')).toEqual({ ok: true });
    expect(await fs.readdir(folder)).toEqual([]);
    expect(await observe(cycles)).toEqual({ state: 'absent' });
    expect(await apply(cycles, 'delete')).toEqual({ ok: true });
    await fs.mkdir(path);
    expect(await apply(cycles, 'delete')).toMatchObject({ ok: false, diagnostic: { code: 'not-a-file' } });
  });

  test('a note without its image can still be removed', async () => {
    const cycles = new CycleWorld(block);
    await cycles.run();
    await apply(cycles);
    await fs.rm(path);
    expect(await observe(cycles)).toEqual(present('behind', false));
    await apply(cycles, 'delete');
    expect(await observe(cycles)).toEqual({ state: 'absent' });
  });

  test('needs the points of its VM, freshly, and its directory', () => {
    expect(
      rawImage.identity({ ...properties, path: 'images/../dc02.raw' }, 'x', {
        platform: 'linux',
        cwd: '/srv',
      }),
    ).toBe('/srv/dc02.raw');
    expect(rawImage.needs!(properties, '/srv/dc02.raw')).toEqual([
      { anyOf: ['points:s3://dr/vms#dc02'], fresh: '/point' },
      { anyOf: ['path:/srv', 'path:/'] },
    ]);
  });
});
