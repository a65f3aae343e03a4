import { join } from 'node:path';
import { type Diagnostic, Failure, given, world } from '../../diagnostics/diagnostic.ts';
import type { Host } from '../../io/ports.ts';
import { canonicalJson } from '../model/canonical.ts';
import type { Memory } from '../model/io.ts';

/** What a state folder remembers. Losing it costs extra work, never wrong work. */
export interface OpenMemory extends Memory {
  /** Warnings about the file as it was found. */
  diagnostics: Diagnostic[];
}

const version = 1;
const fileName = 'state.json';

/** Bytes that are read of it; several hundred thousand unpacked files have room there. */
const largest = 128 * 2 ** 20;

/**
 * Opens `state.json` of the state folder `dir` (made with the first `set`). Opening changes nothing: a
 * damaged file is warned of, and set aside by the first `set`. Sets that come while one is being written go
 * out together with the next. Throws a Failure (given) when the file is of a newer converge, and
 * one (world) when it is too large or others can change it.
 */
export async function openMemory(host: Pick<Host, 'files' | 'clock'>, dir: string): Promise<OpenMemory> {
  const file = join(dir, fileName);
  const diagnostics: Diagnostic[] = [];
  const bytes = await host.files.read(file, { most: largest, own: true });
  let entries = new Map<string, unknown>();
  let isDamaged = false;
  if (bytes) {
    const found = parse(bytes, file);
    if (found) entries = found;
    else {
      isDamaged = true;
      diagnostics.push(damaged(file));
    }
  }

  const write = async () => {
    const text = canonicalJson({ version, entries: Object.fromEntries(entries) });
    await host.files.mkdir(dir, { recursive: true, mode: 0o700 });
    if (isDamaged) await host.files.rename(file, `${file}.damaged-${host.clock.now()}`);
    isDamaged = false;
    await host.files.writeAtomic(file, Buffer.from(`${text}\n`), { private: true });
  };
  let writing: Promise<void> = Promise.resolve();
  let queued: Promise<void> | undefined;
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
    diagnostics,
    get: key => entries.get(key),
    set(key, value) {
      if (value === undefined) entries.delete(key);
      else entries.set(key, value);
      return flush();
    },
  };
}

/** Undefined: damaged. */
function parse(bytes: Buffer, file: string): Map<string, unknown> | undefined {
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
  hint: 'nothing is lost but what was remembered: the next run may do some work again',
});
