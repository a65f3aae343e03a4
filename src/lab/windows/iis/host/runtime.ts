import type { Machine } from '../../machine/machine.ts';

export type State = 'Started' | 'Stopped';

/** What IIS keeps in memory. Sites by id, pools by lower-case name. */
export interface Runtime {
  sites: Record<string, State>;
  pools: Record<string, State>;
}

const FILE = 'C:\\Windows\\System32\\inetsrv\\lab-runtime.json';

export async function readRuntime(machine: Machine): Promise<Runtime> {
  const bytes = await machine.files.read(FILE);
  const none: Runtime = { sites: {}, pools: {} };
  return bytes ? { ...none, ...(JSON.parse(bytes.toString()) as Partial<Runtime>) } : none;
}

export const writeRuntime = (machine: Machine, runtime: Runtime): Promise<void> =>
  machine.files.writeAtomic(FILE, Buffer.from(`${JSON.stringify(runtime, null, 2)}\n`));

/** After a start of the services: what starts by itself runs, and nothing else. */
export const servicesStarted = (machine: Pick<Machine, 'files'>): Promise<void> => machine.files.remove(FILE);
