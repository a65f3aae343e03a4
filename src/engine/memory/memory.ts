import { dirname, join } from 'node:path';
import { blocked, type Diagnostic, Failure, given, world } from '../../diagnostics/diagnostic.ts';
import { takeLock } from '../../io/locks/lock.ts';
import type { Host } from '../../io/ports.ts';
import { canonicalJson } from '../model/canonical.ts';
import { type EngineMemory, type Forgotten, forgottenKey, type Memories } from '../model/world.ts';

/** What a state folder remembers. Losing it costs extra work, never wrong work. */
export interface OpenMemories extends Memories {
  /** Warnings about the files as they were found, of those read so far. */
  diagnostics: Diagnostic[];
}

const version = 1;

/** Until a write of another run is over, ms: each takes milliseconds. */
const patience = 30_000;

/** Bytes that are read of a file; several hundred thousand unpacked files have room there. */
const largest = 128 * 2 ** 20;

type Entries = Map<string, unknown>;

interface Folder {
  host: Pick<Host, 'files' | 'clock' | 'random'>;
  /** Holds the files of all owners. */
  path: string;
  /** What an earlier converge kept, all owners in one file. */
  earlier: string;
}

/**
 * Opens the memory of the state folder `dir`: `memory/engine.json` and `memory/types/NAME.json`, each made
 * with its first `set` and read when first needed. Opening changes nothing: a damaged file is warned of, and
 * set aside by the first `set`. Runs that share the folder each write the keys that they set, and nobody
 * else's. Throws a Failure (given) when a file is of a newer converge, and one (world) when it is too large
 * or others can change it.
 */
export async function openMemories(
  host: Pick<Host, 'files' | 'clock' | 'random'>,
  dir: string,
): Promise<OpenMemories> {
  const folder: Folder = { host, path: join(dir, 'memory'), earlier: join(dir, 'state.json') };
  const diagnostics: Diagnostic[] = [];
  const inherited = await readEntries(host, folder.earlier, diagnostics);
  const opened = new Map<string, Promise<EngineMemory>>();
  const open = (owner: string) => {
    const known = opened.get(owner) ?? openOwner(folder, owner, inherited, diagnostics);
    opened.set(owner, known);
    return known;
  };
  return { diagnostics, engine: await open(engine), of: type => open(`types/${type}`) };
}

const engine = 'engine';

/** What the engine's keys begin with; those of a type begin with its name. */
const engineKeys = ['owed-refresh', 'secret', 'protection', 'selected'];

/** Whose key it was in the one file of an earlier converge. */
function ownerOf(key: string): string {
  const first = key.split(':', 1)[0]!;
  return engineKeys.includes(first) ? engine : `types/${first}`;
}

const fileOf = ({ path }: Folder, owner: string): string => join(path, `${owner}.json`);

async function openOwner(
  folder: Folder,
  owner: string,
  inherited: Entries | 'damaged' | undefined,
  diagnostics: Diagnostic[],
): Promise<EngineMemory> {
  const found = await readEntries(folder.host, fileOf(folder, owner), diagnostics);
  const isEarlier = found === undefined && inherited instanceof Map;
  const entries: Entries = isEarlier
    ? new Map([...inherited].filter(([key]) => ownerOf(key) === owner))
    : found instanceof Map
      ? found
      : begunAnew(owner, found ?? inherited ?? 'new');
  const unwritten: Entries = new Map();

  const write = async () => {
    const changes = new Map(unwritten);
    unwritten.clear();
    try {
      await writeChanges(folder, owner, changes);
    } catch (error) {
      // What is set later goes out with what could not be written now.
      for (const [key, value] of changes) if (!unwritten.has(key)) unwritten.set(key, value);
      throw error;
    }
  };
  let writing: Promise<void> = Promise.resolve();
  let queued: Promise<void> | undefined;
  /** Sets that come while one is being written go out together with the next. */
  const flush = (): Promise<void> => {
    queued ??= writing.then(() => {
      queued = undefined;
      const written = write();
      // The next write begins whether or not this one worked; its own caller hears of it.
      writing = written.catch(() => {});
      return written;
    });
    return queued;
  };
  return {
    get: key => entries.get(key),
    keys: () => entries.keys(),
    set(key, value) {
      if (value === undefined) entries.delete(key);
      else entries.set(key, value);
      unwritten.set(key, value);
      return flush();
    },
  };
}

/** Whoever kept something in the engine's file is to see that it is gone, whoever sets it aside. */
const begunAnew = (owner: string, found: Entries | 'damaged' | 'new' | undefined): Entries => {
  const forgotten: Forgotten | undefined = found === 'damaged' ? [] : found === 'new' ? found : undefined;
  return new Map(owner === engine && forgotten !== undefined ? [[forgottenKey, forgotten]] : []);
};

/** Into what is there by now: another run may have written keys of its own. */
async function writeChanges(folder: Folder, owner: string, changes: Entries): Promise<void> {
  const { host, path } = folder;
  const file = fileOf(folder, owner);
  await host.files.mkdir(path, { recursive: true, mode: 0o700 });
  const lock = await takeLock(join(path, 'lock'), {
    host,
    timeout: patience,
    refused: holder => blocked('memory-locked', `${file} is being written: ${holder}`),
  });
  try {
    const before = await divideEarlier(folder);
    const now = await readEntries(host, file, []);
    if (now === 'damaged') await host.files.rename(file, `${file}.damaged-${host.clock.now()}`);
    const merged = now instanceof Map ? now : begunAnew(owner, now ?? before);
    for (const [key, value] of changes) {
      if (value === undefined) merged.delete(key);
      else merged.set(key, value);
    }
    await writeEntries(folder, owner, merged);
  } finally {
    await lock.release();
  }
}

/** What an earlier converge kept in one file goes to its owners, and the file goes; what it was. */
async function divideEarlier(folder: Folder): Promise<Entries | 'damaged' | undefined> {
  const { host, earlier } = folder;
  const found = await readEntries(host, earlier, []);
  if (found === 'damaged') await host.files.rename(earlier, `${earlier}.damaged-${host.clock.now()}`);
  if (!(found instanceof Map)) return found;
  for (const [owner, own] of Map.groupBy(found, ([key]) => ownerOf(key))) {
    // One that exists was written by a division that was cut short, or later: it knows more.
    if (!(await host.files.stat(fileOf(folder, owner)))) await writeEntries(folder, owner, new Map(own));
  }
  await host.files.remove(earlier);
  return found;
}

async function writeEntries(folder: Folder, owner: string, entries: Entries): Promise<void> {
  const file = fileOf(folder, owner);
  await folder.host.files.mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const text = canonicalJson({ version, entries: Object.fromEntries(entries) });
  await folder.host.files.writeAtomic(file, Buffer.from(`${text}\n`), { private: true });
}

/** Undefined: there is no such file. A damaged one is warned of. */
async function readEntries(
  { files }: Pick<Host, 'files'>,
  file: string,
  diagnostics: Diagnostic[],
): Promise<Entries | 'damaged' | undefined> {
  const bytes = await files.read(file, { most: largest, own: true });
  if (!bytes) return undefined;
  const entries = parse(bytes, file);
  if (!entries) diagnostics.push(damaged(file));
  return entries ?? 'damaged';
}

/** Undefined: damaged. */
function parse(bytes: Buffer, file: string): Entries | undefined {
  let state: { version?: unknown; entries?: unknown } | null;
  try {
    state = JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
  const found = state?.version;
  if (typeof found === 'number' && found > version) throw newer(file, found);
  const entries = state?.entries;
  if (found !== version || typeof entries !== 'object' || entries === null) return undefined;
  return new Map(Object.entries(entries));
}

const newer = (file: string, found: number): Failure =>
  new Failure(
    given(
      'state-version',
      `${file} is of a newer converge: it has state version ${found}, and this converge reads ${version}`,
      { hint: `use a converge that reads state version ${found}, or another folder with --state` },
    ),
  );

const damaged = (file: string): Diagnostic => ({
  ...world(
    'state-damaged',
    `${file} is damaged; it is taken as empty, and set aside by the next run that writes`,
  ),
  severity: 'warning',
  hint: 'what it kept is forgotten: the next run may do some work again, and `apply` has nothing to tell by what protects less than before',
});
