import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openMemories } from '../../src/engine/memory/memory.ts';
import { nodeHost } from '../../src/io/node.ts';
import type { Files } from '../../src/io/ports.ts';
import { steppedClock, temporaryFolder } from '../support/engine-host.ts';

const setUp = (files: Partial<Files> = {}) => {
  const dir = join(temporaryFolder(), 'state');
  const real = nodeHost();
  const host = { clock: steppedClock(7), files: { ...real.files, ...files }, random: real.random };
  return { dir, host, file: join(dir, 'memory/engine.json'), open: () => openMemories(host, dir) };
};
const entriesOf = (file: string) => JSON.parse(readFileSync(file, 'utf8')).entries;

test('what was set is there in the next run, what was forgotten is not', async () => {
  const { open, file } = setUp();
  const { engine: first } = await open();
  await first.set('a', { x: [1] });
  await first.set('b', 1);
  await first.set('b', undefined);
  const { engine: second } = await open();
  expect(second.get('a')).toEqual({ x: [1] });
  expect(second.get('b')).toBeUndefined();
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('looking makes no folder', async () => {
  const { open, dir } = setUp();
  const memories = await open();
  expect(memories.engine.get('a')).toBeUndefined();
  expect((await memories.of('archive')).get('a')).toBeUndefined();
  expect(() => statSync(dir)).toThrow('ENOENT');
});

test('each owner has a file of its own, read when it is first asked for', async () => {
  const read: string[] = [];
  const { files } = nodeHost();
  const { open, dir } = setUp({
    read(path) {
      read.push(path);
      return files.read(path);
    },
  });
  const memories = await open();
  await (await memories.of('archive')).set('owed-refresh:x', 'of the type');
  await memories.engine.set('owed-refresh:x', 'of the engine');
  expect(entriesOf(join(dir, 'memory/types/archive.json'))).toEqual({ 'owed-refresh:x': 'of the type' });
  expect(entriesOf(join(dir, 'memory/engine.json'))).toEqual({ 'owed-refresh:x': 'of the engine' });
  read.length = 0;
  await open();
  expect(read.filter(path => path.includes('types'))).toEqual([]);
});

test('each set is durable when it resolves, and many at once share a write', async () => {
  const { host, dir, file } = setUp();
  const writes: string[] = [];
  const { writeAtomic } = host.files;
  host.files.writeAtomic = (path, ...rest) => {
    if (path === file) writes.push(path);
    return writeAtomic(path, ...rest);
  };
  const { engine } = await openMemories(host, dir);
  await Promise.all(
    Array.from({ length: 100 }, async (_, i) => {
      await engine.set(`k${i}`, i);
      expect(entriesOf(file)).toHaveProperty(`k${i}`, i);
    }),
  );
  expect(writes.length).toBeGreaterThan(0);
  expect(writes.length).toBeLessThan(5);
});

test('two runs that share a folder keep what the other wrote', async () => {
  const { open, file } = setUp();
  const [first, second] = [await open(), await open()];
  await Promise.all([
    ...Array.from({ length: 10 }, (_, i) => first.engine.set(`first${i}`, i)),
    ...Array.from({ length: 10 }, (_, i) => second.engine.set(`second${i}`, i)),
  ]);
  await first.engine.set('first0', undefined);
  const names = Object.keys(entriesOf(file));
  expect(names).toHaveLength(19);
  expect(names).toContain('second0');
});

test('a failed write is told to whoever set it, and the next one works', async () => {
  const { host, dir, file } = setUp();
  const { engine } = await openMemories(host, dir);
  const { writeAtomic } = host.files;
  host.files.writeAtomic = async (path, ...rest) =>
    path === file ? Promise.reject(new Error('disk full')) : writeAtomic(path, ...rest);
  await expect(engine.set('a', 1)).rejects.toThrow('disk full');
  host.files.writeAtomic = writeAtomic;
  await engine.set('b', 2);
  expect((await openMemories(host, dir)).engine.get('a')).toBe(1);
});

const damages = [
  ['half a file', '{"version":1,"entr'],
  ['an older version', '{"version":0,"entries":{}}'],
  ['no object', '7'],
  ['nothing', 'null'],
] as const;

test.each(
  damages.flatMap(([what, text]) => [
    [what, 'memory/engine.json', text] as const,
    [what, 'state.json', text] as const,
  ]),
)('a damaged file is warned of, and set aside by whoever writes: %s in %s', async (_, name, text) => {
  const { open, dir, file } = setUp();
  mkdirSync(join(dir, 'memory'), { recursive: true });
  const damaged = join(dir, name);
  writeFileSync(damaged, text);
  const memories = await open();
  expect(memories.diagnostics).toMatchObject([{ code: 'state-damaged', severity: 'warning' }]);
  expect(readFileSync(damaged, 'utf8')).toBe(text);
  await memories.engine.set('a', 1);
  await memories.engine.set('b', 1);
  expect(readFileSync(`${damaged}.damaged-7`, 'utf8')).toBe(text);
  // Whoever can say what was in it does so, and removes the word.
  expect(entriesOf(file)).toEqual({ a: 1, b: 1, forgotten: [] });
  expect((await open()).diagnostics).toEqual([]);
});

test.each(['memory/engine.json', 'state.json'])(
  '%s of a newer converge is left alone and says what it needs',
  async name => {
    const { open, dir } = setUp();
    mkdirSync(join(dir, 'memory'), { recursive: true });
    writeFileSync(join(dir, name), '{"version":2,"entries":[]}');
    await expect(open()).rejects.toMatchObject({
      diagnostics: [{ code: 'state-version', category: 'given', hint: expect.stringContaining('version 2') }],
    });
    expect(readdirSync(join(dir, 'memory'))).toEqual(name === 'state.json' ? [] : ['engine.json']);
  },
);

const earlier = {
  'owed-refresh:service:web': ['file:/etc/web.conf'],
  'secret:service::web': { '/password': { salt: 'AA==', hash: 'AA==' } },
  'archive:/app': { files: {} },
};

test("what an earlier converge kept in one file is its owners', read at once and divided by the first write", async () => {
  const { open, dir, file } = setUp();
  mkdirSync(dir);
  writeFileSync(join(dir, 'state.json'), JSON.stringify({ version: 1, entries: earlier }));
  const memories = await open();
  const archive = await memories.of('archive');
  expect(memories.engine.get('owed-refresh:service:web')).toEqual(['file:/etc/web.conf']);
  expect(archive.get('archive:/app')).toEqual({ files: {} });
  expect(archive.get('owed-refresh:service:web')).toBeUndefined();
  expect(readdirSync(dir)).toEqual(['state.json']);
  await memories.engine.set('owed-refresh:service:web', undefined);
  expect(existsSync(join(dir, 'state.json'))).toBe(false);
  expect(Object.keys(entriesOf(file))).toEqual(['secret:service::web']);
  expect((await (await open()).of('archive')).get('archive:/app')).toEqual({ files: {} });
});

test('a division that was cut short is taken up where it stopped', async () => {
  const { open, dir, host, file } = setUp();
  mkdirSync(dir);
  writeFileSync(join(dir, 'state.json'), JSON.stringify({ version: 1, entries: earlier }));
  const { writeAtomic } = host.files;
  host.files.writeAtomic = async (path, ...rest) =>
    path.endsWith('archive.json') ? Promise.reject(new Error('killed')) : writeAtomic(path, ...rest);
  await expect((await openMemories(host, dir)).engine.set('protection:a', 1)).rejects.toThrow('killed');
  host.files.writeAtomic = writeAtomic;
  const { engine, of } = await open();
  await engine.set('protection:a', 1);
  expect(Object.keys(entriesOf(file)).sort()).toEqual([
    'owed-refresh:service:web',
    'protection:a',
    'secret:service::web',
  ]);
  expect((await of('archive')).get('archive:/app')).toEqual({ files: {} });
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
  expect((await open()).diagnostics).toEqual([]);
  chmodSync(join(dir, 'state.json'), 0o666);
  await expect(open()).rejects.toThrow(/state\.json: others can write to it/);
  chmodSync(join(dir, 'state.json'), 0o644);
  chmodSync(dir, 0o777);
  await expect(open()).rejects.toThrow(/others can change the folder it is in/);
});
