import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { promisify } from 'node:util';

/** Which process table a number belongs to. What a system doesn't tell is empty. */
export interface Place {
  /** Host name; containers and clones may share it. */
  host: string;
  /** Identity of the installation. */
  machine: string;
  /** Renewed when the machine starts. */
  boot: string;
  /** PID namespace: each container counts for itself. */
  namespace: string;
}

/** A process among those of all machines, as leases and locks note it. */
export interface ProcessId extends Place {
  pid: number;
  /** Start of the process, so that a number used again isn't taken for it. */
  start: string;
}

/** Tells whether a process that took a lock is still the one that runs under its number. */
export interface ProcessTable {
  pid: number;
  place(): Promise<Place>;
  /** When the process of this number started, as an opaque text; undefined when there is none. */
  startOf(pid: number): Promise<string | undefined>;
}

/** The process that asks. */
export const ownId = async (table: ProcessTable): Promise<ProcessId> => ({
  ...(await table.place()),
  pid: table.pid,
  start: (await table.startOf(table.pid)) ?? 'unknown',
});

/** The namespace that a Linux machine starts with (PROC_PID_INIT_INO in its headers): not a container's. */
const initialNamespace = 'pid:[4026531836]';

/** Undefined: can't be told from here, since its number is one of another table. */
export async function isRunning(one: ProcessId, table: ProcessTable): Promise<boolean | undefined> {
  const here = await table.place();
  if (one.host !== here.host || one.machine !== here.machine || one.namespace !== here.namespace)
    return undefined;
  if (one.boot !== here.boot)
    // The machine started anew. A container of the same names may run on another one.
    return here.machine !== '' && here.namespace === initialNamespace ? false : undefined;
  const start = await table.startOf(one.pid);
  return start !== undefined && (start === one.start || start === 'unknown' || one.start === 'unknown');
}

export const processTable: ProcessTable = {
  pid: process.pid,
  place: async () => ({
    host: hostname(),
    machine: await told(readFile('/etc/machine-id', 'latin1')),
    boot: await told(readFile('/proc/sys/kernel/random/boot_id', 'latin1')),
    namespace: await told(readlink('/proc/self/ns/pid')),
  }),
  async startOf(pid) {
    if (!isAlive(pid)) return undefined;
    switch (process.platform) {
      case 'linux':
        return startOnLinux(pid);
      case 'win32':
        // By its path, since a bare name is looked for in the working directory first. That it tells nothing
        // (PowerShell is blocked, or the process is somebody else's) is not a sign that the process has
        // ended.
        return (
          (await said(windowsPowershell(process.env), [
            '-NoProfile',
            '-NonInteractive',
            '-Command',
            `(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`,
          ])) ?? 'unknown'
        );
      default:
        return said('ps', ['-o', 'lstart=', '-p', String(pid)]);
    }
  },
};

const told = (text: Promise<string>): Promise<string> =>
  text.then(
    known => known.trim(),
    () => '',
  );

/** Whether a process of this number runs on this machine. */
export function isAlive(pid: number): boolean {
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

const windowsPowershell = ({ SystemRoot = 'C:\\Windows' }: NodeJS.ProcessEnv): string =>
  `${SystemRoot}\\System32\\WindowsPowerShell\\v1.0\\powershell.exe`;

async function said(file: string, args: string[]): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(file, args, { env: { ...process.env, LC_ALL: 'C' } });
    return stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}
