import { constants } from 'node:fs';
import fs from 'node:fs/promises';
import type { Folder } from './folder.ts';

/** The flush of a folder that runs, and the one that begins after it. */
interface Flushes {
  running: Promise<void>;
  next?: Promise<void>;
}

const flushes = new WeakMap<Folder, Flushes>();

/**
 * Makes what was done to names in the folder last: a rename is durable only when its directory is. Whoever
 * comes while a flush runs may have come too late for it, and all of those share the next, so that a thousand
 * new files don't take a thousand flushes. Windows has no such call.
 */
export function syncFolder(folder: Folder): Promise<void> {
  if (process.platform === 'win32') return Promise.resolve();
  const known = flushes.get(folder);
  if (!known) return begin(folder);
  known.next ??= known.running.catch(() => {}).then(() => begin(folder));
  return known.next;
}

function begin(folder: Folder): Promise<void> {
  const begun: Flushes = { running: flush(folder) };
  flushes.set(folder, begun);
  const end = () => {
    if (!begun.next) flushes.delete(folder);
  };
  begun.running.then(end, end);
  return begun.running;
}

async function flush({ at }: Folder): Promise<void> {
  const handle = await fs.open(`${at}/.`, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
