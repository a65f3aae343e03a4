import { join } from 'node:path';
import { type Diagnostic, world } from '../diagnostics/diagnostic.ts';
import type { Host } from '../io/ports.ts';
import { canonicalJson } from './canonical.ts';
import type { Memory } from './io.ts';

/** What a state folder remembers. Losing it costs extra work, never wrong work. */
export interface OpenMemory extends Memory {
  /** Warnings about the file as it was found. */
  diagnostics: Diagnostic[];
}

const version = 1;
const fileName = 'state.json';

/**
 * Opens `state.json` of the state folder `dir` (made with the first `set`). A damaged file is set aside
 * with a warning. Sets that come while one is being written go out together with the next.
 */
export async function openMemory(host: Pick<Host, 'files' | 'clock'>, dir: string): Promise<OpenMemory> {
  const file = join(dir, fileName);
  const diagnostics: Diagnostic[] = [];
  const bytes = await host.files.read(file);
  let entries = new Map<string, unknown>();
  if (bytes) {
    const found = parse(bytes);
    if (found) entries = found;
    else diagnostics.push(await setAside(host, file));
  }

  const write = async () => {
    const text = canonicalJson({ version, entries: Object.fromEntries(entries) });
    await host.files.mkdir(dir, { recursive: true, mode: 0o700 });
    await host.files.writeAtomic(file, Buffer.from(`${text}\n`), { mode: 0o600 });
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

function parse(bytes: Buffer): Map<string, unknown> | undefined {
  try {
    const state = JSON.parse(bytes.toString()) as { version?: unknown; entries?: unknown };
    if (state.version !== version || typeof state.entries !== 'object' || state.entries === null)
      return undefined;
    return new Map(Object.entries(state.entries));
  } catch {
    return undefined;
  }
}

async function setAside(host: Pick<Host, 'files' | 'clock'>, file: string): Promise<Diagnostic> {
  const aside = `${file}.damaged-${host.clock.now()}`;
  await host.files.rename(file, aside);
  return {
    ...world('state-damaged', `${file} is damaged or of another version; it was set aside as ${aside}`),
    severity: 'warning',
    hint: 'nothing is lost but what was remembered: the next run may do some work again',
  };
}
