import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';

const inMemory = '/dev/shm';
/** Several times what the suite needs at once. */
const room = 4 * 2 ** 30;

/**
 * One folder for all temporary files of a test run, removed after it. It lies in memory where there is room: the tests
 * flush files to the disk by the ten thousand, and no disk loses its power meanwhile. TMPDIR chooses another place.
 */
export default function setup(): () => void {
  const folder = ownFolder(process.env.TMPDIR === undefined && isRoomy() ? inMemory : tmpdir());
  const before = process.env.TMPDIR;
  process.env.TMPDIR = runsPrograms(folder) ? folder : ownFolder(tmpdir());
  const folders = [folder, process.env.TMPDIR];
  return () => {
    for (const one of folders) rmSync(one, { recursive: true, force: true });
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  };
}

function isRoomy(): boolean {
  try {
    const { bavail, bsize } = statfsSync(inMemory);
    return bavail * bsize > room && freemem() > room;
  } catch {
    // Only Linux has it.
    return false;
  }
}

/** As the machine's own folder for such files: everybody may have some there. */
function ownFolder(place: string): string {
  const folder = mkdtempSync(join(place, 'converge-tests-'));
  chmodSync(folder, 0o1777);
  return folder;
}

/** In containers the memory's file system is often mounted so that no program can be started from it. */
function runsPrograms(folder: string): boolean {
  const program = join(folder, 'program');
  writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
  const { status } = spawnSync(program);
  rmSync(program);
  return status === 0;
}
