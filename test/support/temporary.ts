import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';

const inMemory = '/dev/shm';
/** Several times what the suite needs at once. */
const room = 4 * 2 ** 30;

/**
 * One folder for all temporary files of a test run, removed after it. It lies in memory where there is room:
 * the tests flush thousands of small files to the disk, and none of them pulls the plug. TMPDIR chooses
 * another place.
 */
export default function setup(): () => void {
  const before = process.env.TMPDIR;
  const folder = (before === undefined && isRoomy() && folderForPrograms()) || ownFolder(tmpdir());
  process.env.TMPDIR = folder;
  const remove = () => rmSync(folder, { recursive: true, force: true });
  // For a run that is interrupted.
  process.once('exit', remove);
  return () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    process.off('exit', remove);
    remove();
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

/**
 * Undefined where the memory's file system is mounted so that no program starts from it, as in many
 * containers.
 */
function folderForPrograms(): string | undefined {
  const folder = ownFolder(inMemory);
  const program = join(folder, 'program');
  writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
  const { status } = spawnSync(program);
  rmSync(status === 0 ? program : folder, { recursive: true });
  return status === 0 ? folder : undefined;
}
