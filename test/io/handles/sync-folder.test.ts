import fs from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { syncFolder } from '../../../src/io/handles/sync-folder.ts';
import { scratch } from '../../support/cli.ts';

/** The flushes that were begun, and those that have ended. */
function watched() {
  const open = fs.open;
  const seen = { begun: 0, ended: 0 };
  const spy = vi.spyOn(fs, 'open').mockImplementation(async (...given) => {
    seen.begun++;
    const handle = await open(...given);
    const sync = handle.sync.bind(handle);
    handle.sync = async () => {
      await sync();
      seen.ended++;
    };
    return handle;
  });
  onTestFinished(() => spy.mockRestore());
  return seen;
}

const folderAt = (at: string) => ({ at, isShared: async () => false });

test.skipIf(process.platform === 'win32')(
  'whoever comes during a flush shares the next, and is told when that has ended',
  async () => {
    const folder = folderAt(await scratch());
    const seen = watched();
    const first = syncFolder(folder);
    const late = Array.from({ length: 20 }, async () => {
      await syncFolder(folder);
      return seen.ended;
    });
    expect(seen.begun).toBe(1);
    await first;
    // None of them is content with the flush that had begun before they came.
    expect(await Promise.all(late)).toEqual(Array(20).fill(2));
    expect(seen.begun).toBe(2);
    await syncFolder(folder);
    expect(seen).toEqual({ begun: 3, ended: 3 });
  },
);

test.skipIf(process.platform === 'win32')('folders are flushed each by itself', async () => {
  const seen = watched();
  await Promise.all([await scratch(), await scratch()].map(at => syncFolder(folderAt(at))));
  expect(seen).toEqual({ begun: 2, ended: 2 });
});

test.skipIf(process.platform === 'win32')(
  'a flush that fails fails for all who share it, and no longer',
  async () => {
    const at = join(await scratch(), 'later');
    const folder = folderAt(at);
    const told = await Promise.allSettled([syncFolder(folder), syncFolder(folder), syncFolder(folder)]);
    expect(told.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    await fs.mkdir(at);
    await syncFolder(folder);
  },
);
