import type { Machine } from '../machine.ts';

export type State = 'Started' | 'Stopped';

/** What IIS keeps in memory. Sites by id, pools by lower-case name. */
export interface Runtime {
  sites: Record<string, State>;
  pools: Record<string, State>;
  /** So many commits still to refuse with `c00cee2b`. */
  commitConflicts: number;
}

const FILE = 'C:\\Windows\\System32\\inetsrv\\lab-runtime.json';

export async function readRuntime(machine: Machine): Promise<Runtime> {
  const bytes = await machine.files.read(FILE);
  const none: Runtime = { sites: {}, pools: {}, commitConflicts: 0 };
  return bytes ? { ...none, ...(JSON.parse(bytes.toString()) as Partial<Runtime>) } : none;
}

export const writeRuntime = (machine: Machine, runtime: Runtime): Promise<void> =>
  machine.files.writeAtomic(FILE, Buffer.from(`${JSON.stringify(runtime, null, 2)}\n`));

/** Lets the next `times` commits of configuration fail, as when somebody else writes the file. */
export async function armCommitConflict(machine: Machine, times: number): Promise<void> {
  await writeRuntime(machine, { ...(await readRuntime(machine)), commitConflicts: times });
}
