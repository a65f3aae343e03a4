import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { blocked } from '../../src/diagnostics/diagnostic.ts';
import {
  isRunning,
  ownId,
  type Place,
  type ProcessTable,
  processTable,
} from '../../src/io/handles/process-table.ts';
import { takeLock } from '../../src/io/locks/lock.ts';
import { nodeHost } from '../../src/io/node.ts';
import { steppedClock, temporaryFolder } from '../support/engine-host.ts';

const refused = (holder: string) => blocked('locked', `in use by ${holder}`);

const place: Place = { host: 'mover', machine: 'id', boot: 'monday', namespace: 'pid:[4026531836]' };

function setUp(starts: Record<number, string> = { 1: 'a', 2: 'b' }) {
  const path = join(temporaryFolder(), 'lock');
  const clock = steppedClock();
  const host = { ...nodeHost(), clock };
  const table = (pid: number): ProcessTable => ({
    pid,
    place: async () => place,
    startOf: async of => starts[of],
  });
  const take = (pid: number, timeout = 0, signal?: AbortSignal) =>
    takeLock(path, { host, timeout, refused, table: table(pid), ...(signal && { signal }) });
  return { path, clock, take, starts };
}

describe('the run lock', () => {
  test('is held by one and free after release', async () => {
    const { take, path } = setUp();
    const lock = await take(1);
    await expect(take(2)).rejects.toMatchObject({
      diagnostics: [
        {
          code: 'locked',
          category: 'blocked',
          message: expect.stringContaining('process 1 on mover'),
        },
      ],
    });
    await lock.release();
    expect(await readdir(path)).toEqual([]);
    await (await take(2)).release();
  });

  test('of a dead process is taken over, and so is one whose number another process has now', async () => {
    const { take, starts } = setUp();
    await take(1);
    delete starts[1];
    await take(2);
    starts[2] = 'a later process of that number';
    starts[3] = 'c';
    const third = await take(3);
    await third.release();
  });

  test('whose claim could not be removed at release is free all the same for its own process', async () => {
    const { take, path } = setUp();
    const lock = await take(1);
    const [name] = await readdir(path);
    const claim = await readFile(join(path, name!));
    await lock.release();
    await writeFile(join(path, name!), claim);
    await (await take(1)).release();
  });

  test('is waited for as long as the timeout says', async () => {
    const { take, clock } = setUp();
    const lock = await take(1);
    const before = clock.time;
    await expect(take(2, 1000)).rejects.toThrow('in use by');
    expect(clock.time - before).toBe(1000);
    const { sleep } = clock;
    clock.sleep = async (ms, signal) => {
      await lock.release();
      return sleep(ms, signal);
    };
    await expect(take(2, 1000)).resolves.toBeDefined();
  });

  test('a wait ends with the signal', async () => {
    const { take, clock } = setUp();
    await take(1);
    const stop = new AbortController();
    clock.sleep = async (_, signal) => {
      stop.abort('SIGINT');
      signal?.throwIfAborted();
    };
    await expect(take(2, 1000, stop.signal)).rejects.toBe('SIGINT');
  });

  test('a damaged claim is nobody’s', async () => {
    const { take, path } = setUp();
    await (await take(1)).release();
    await writeFile(join(path, 'x.json'), '{"pid":');
    await expect(take(1)).resolves.toBeDefined();
  });

  test.each([
    ['another machine', { host: 'elsewhere' }],
    ['a container of this host name', { namespace: 'pid:[4026532000]' }],
    ['another machine of this host name', { machine: 'another', boot: 'tuesday' }],
  ])('a claim of %s is respected, and the refusal says how to go on', async (_what, other) => {
    const { take, path } = setUp({ 2: 'b' }); // no process 1 here
    await (await take(2)).release();
    const file = join(path, 'x.json');
    await writeFile(file, JSON.stringify({ ...place, ...other, pid: 1, start: 'q', since: 'then' }));
    await expect(take(2)).rejects.toMatchObject({
      diagnostics: [
        {
          message: expect.stringMatching(/^in use by process 1 on (elsewhere|mover) since then$/),
          hint: expect.stringMatching(/can't be seen from here.*if it does not, remove /),
        },
      ],
    });
    await expect(take(2)).rejects.toMatchObject({ diagnostics: [{ hint: expect.stringContaining(file) }] });
  });

  test('of a live process here the refusal gives no advice to remove anything', async () => {
    const { take } = setUp();
    await take(1);
    const error = await take(2).catch(e => e);
    expect(error.diagnostics[0].hint).toBeUndefined();
  });

  test('of many that come at once never more than one holds it', async () => {
    const starts = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [i + 1, `s${i}`]));
    const { take } = setUp(starts);
    let holding = 0;
    let most = 0;
    let done = 0;
    await Promise.all(
      Object.keys(starts).map(async pid => {
        const lock = await take(Number(pid), 3_600_000);
        most = Math.max(most, ++holding);
        await new Promise(resolve => setImmediate(resolve));
        holding--;
        await lock.release();
        done++;
      }),
    );
    expect([most, done]).toEqual([1, 8]);
  });
});

test('the table knows this process and no dead one', async () => {
  expect(await processTable.startOf(process.pid)).toMatch(/\S/);
  expect(await processTable.startOf(process.pid)).toBe(await processTable.startOf(process.pid));
  expect(await processTable.startOf(2 ** 22 + 1)).toBeUndefined();
});

describe('whether a process runs', () => {
  const table = (here: Partial<Place> = {}): ProcessTable => ({
    pid: 1,
    place: async () => ({ ...place, ...here }),
    startOf: async pid => (pid === 1 ? 'a' : undefined),
  });
  const one = { ...place, pid: 1, start: 'a' };
  const container = { namespace: 'pid:[4026532000]' };

  test.each<[string, Partial<typeof one>, Partial<Place>, boolean | undefined]>([
    ['it does', {}, {}, true],
    ['no such number', { pid: 9 }, {}, false],
    ['the number was used again', { start: 'b' }, {}, false],
    ['another host', { host: 'x' }, {}, undefined],
    ['another machine of this name', { machine: 'x' }, {}, undefined],
    ['another namespace', container, {}, undefined],
    ['the machine was restarted since', { boot: 'x' }, {}, false],
    ['a container, maybe on another machine', { ...container, boot: 'x' }, container, undefined],
    ['a machine without identity', { machine: '', boot: 'x' }, { machine: '' }, undefined],
  ])('%s', async (_what, change, here, expected) => {
    expect(await isRunning({ ...one, ...change }, table(here))).toBe(expected);
  });

  test('this one does, and Linux tells its namespace and boot', async () => {
    const own = await ownId(processTable);
    expect(await isRunning(own, processTable)).toBe(true);
    if (process.platform === 'linux')
      expect(own).toMatchObject({
        namespace: expect.stringMatching(/^pid:\[\d+\]$/),
        boot: expect.stringMatching(/./),
      });
  });
});
