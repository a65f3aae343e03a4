import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Tells whether a process that took a lock is still the one that runs under its number. */
export interface ProcessTable {
  pid: number;
  /** When the process of this number started, as an opaque text; undefined when there is none. */
  startOf(pid: number): Promise<string | undefined>;
}

export const processTable: ProcessTable = {
  pid: process.pid,
  async startOf(pid) {
    if (!isAlive(pid)) return undefined;
    switch (process.platform) {
      case 'linux':
        return startOnLinux(pid);
      case 'win32':
        return said('powershell.exe', [
          '-NoProfile',
          '-Command',
          `(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`,
        ]);
      default:
        return said('ps', ['-o', 'lstart=', '-p', String(pid)]);
    }
  },
};

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process answers EPERM, which is an answer.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Boot id and field 22 of /proc/PID/stat (proc(5)); the name in field 2 may hold spaces and brackets. */
async function startOnLinux(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return `${boot.trim()}:${fields[19]}`;
  } catch {
    return isAlive(pid) ? 'unknown' : undefined;
  }
}

async function said(file: string, args: string[]): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(file, args, { env: { ...process.env, LC_ALL: 'C' } });
    return stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}
