import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openMemory } from '../../src/engine/memory/memory.ts';
import { nodeHost } from '../../src/io/node.ts';
import type { Files } from '../../src/io/ports.ts';
import { steppedClock, temporaryFolder } from '../support/engine-host.ts';

const setUp = (files: Partial<Files> = {}) => {
  const dir = join(temporaryFolder(), 'state');
  const real = nodeHost();
  const host = { clock: steppedClock(7), files: { ...real.files, ...files } };
  return { dir, host, open: () => openMemory(host, dir) };
};

test('what was set is there in the next run, what was forgotten is not', async () => {
  const { open, dir } = setUp();
  const first = await open();
  await first.set('a', { x: [1] });
  await first.set('b', 1);
  await first.set('b', undefined);
  const second = await open();
  expect(second.get('a')).toEqual({ x: [1] });
  expect(second.get('b')).toBeUndefined();
  expect(statSync(join(dir, 'state.json')).mode & 0o777).toBe(0o600);
});

test('looking makes no folder', async () => {
  const { open, dir } = setUp();
  expect((await open()).get('a')).toBeUndefined();
  expect(() => statSync(dir)).toThrow('ENOENT');
});

test('each set is durable when it resolves, and many at once share a write', async () => {
  const { host, dir } = setUp();
  let writes = 0;
  const { writeAtomic } = host.files;
  host.files.writeAtomic = (...args) => {
    writes++;
    return writeAtomic(...args);
  };
  const memory = await openMemory(host, dir);
  await Promise.all(
    Array.from({ length: 100 }, async (_, i) => {
      await memory.set(`k${i}`, i);
      expect(JSON.parse(readFileSync(join(dir, 'state.json'), 'utf8')).entries).toHaveProperty(`k${i}`, i);
    }),
  );
  expect(writes).toBeLessThan(5);
});

test('a failed write is told to who set it, and the next one works', async () => {
  const { host, dir } = setUp();
  const memory = await openMemory(host, dir);
  const { writeAtomic } = host.files;
  host.files.writeAtomic = async () => Promise.reject(new Error('disk full'));
  await expect(memory.set('a', 1)).rejects.toThrow('disk full');
  host.files.writeAtomic = writeAtomic;
  await memory.set('b', 2);
  expect((await openMemory(host, dir)).get('a')).toBe(1);
});

test.each([
  ['half a file', '{"version":1,"entr'],
  ['an older version', '{"version":0,"entries":{}}'],
  ['no object', '7'],
  ['nothing', 'null'],
])('a damaged file is warned of, and set aside by who writes: %s', async (_, text) => {
  const { open, dir } = setUp();
  mkdirSync(dir);
  writeFileSync(join(dir, 'state.json'), text);
  const memory = await open();
  expect(memory.diagnostics).toMatchObject([{ code: 'state-damaged', severity: 'warning' }]);
  expect(readdirSync(dir)).toEqual(['state.json']);
  await memory.set('a', 1);
  await memory.set('b', 1);
  expect(readdirSync(dir).sort()).toEqual(['state.json', 'state.json.damaged-7']);
  expect(readFileSync(join(dir, 'state.json.damaged-7'), 'utf8')).toBe(text);
  expect((await open()).diagnostics).toEqual([]);
});

test('a file of a newer converge is left alone and says what it needs', async () => {
  const { open, dir } = setUp();
  mkdirSync(dir);
  writeFileSync(join(dir, 'state.json'), '{"version":2,"entries":[]}');
  await expect(open()).rejects.toMatchObject({
    diagnostics: [{ code: 'state-version', category: 'given', hint: expect.stringContaining('version 2') }],
  });
  expect(readdirSync(dir)).toEqual(['state.json']);
});

test('a file that is too large is not read', async () => {
  const { dir, open } = setUp();
  mkdirSync(dir);
  writeFileSync(join(dir, 'state.json'), '');
  truncateSync(join(dir, 'state.json'), 700 * 2 ** 20);
  await expect(open()).rejects.toThrow(/state\.json: it has 700\.0 MiB, and 128\.0 MiB are the most/);
});

test('a file that others can change is not believed', async () => {
  const { dir, open } = setUp();
  mkdirSync(dir);
  writeFileSync(join(dir, 'state.json'), '{"version":1,"entries":{"a":1}}');
  expect((await open()).get('a')).toBe(1);
  chmodSync(join(dir, 'state.json'), 0o666);
  await expect(open()).rejects.toThrow(/state\.json: others can write to it/);
  chmodSync(join(dir, 'state.json'), 0o644);
  chmodSync(dir, 0o777);
  await expect(open()).rejects.toThrow(/others can change the folder it is in/);
});
