import { join } from 'node:path';
import { nodeHost } from '../../../src/io/node.ts';
import type { Clock, Command, CommandResult, Host } from '../../../src/io/ports.ts';
import { windowsHost } from '../../../src/lab/windows/host.ts';
import { type WindowsLab, windowsLab } from '../../../src/lab/windows/lab.ts';
import type { Language } from '../../../src/lab/windows/machine/machine.ts';
import type { Spawned } from '../../../src/lab/windows/machine/process-log.ts';
import { steppedClock, temporaryFolder } from '../../support/engine-host.ts';

export interface TestMachine {
  /** The lab's `windows` folder. */
  dir: string;
  host: Host;
  lab: WindowsLab;
  run(file: string, args: string[], more?: Partial<Command>): Promise<CommandResult>;
  /** Writes text to a Windows path, making its folders. */
  write(path: string, text: string | Buffer): Promise<void>;
  read(path: string): Promise<string | undefined>;
  /** What the log says about the last program. */
  last(): Promise<Spawned | undefined>;
}

/** A millisecond goes by whenever it is looked at, and sleeping takes none of the test's time. */
function runningClock(start: number): Clock {
  const clock = steppedClock(start);
  return { now: () => clock.time++, sleep: clock.sleep };
}

let spoken: Language = 'en';

/** Machines made by `work` speak German: nothing that reads their answers may notice. */
export async function inGerman<T>(work: () => Promise<T>): Promise<T> {
  spoken = 'de';
  try {
    return await work();
  } finally {
    spoken = 'en';
  }
}

/** A new Windows machine in a folder of its own, or the one in `dir` as the next process finds it. */
export async function windowsMachine(dir = join(temporaryFolder(), 'windows')): Promise<TestMachine> {
  const machine = nodeHost();
  const clock = runningClock(Date.parse('2026-03-01T12:00:00Z'));
  const host = await windowsHost(machine, dir, clock);
  const lab = windowsLab(machine.files, dir);
  if (spoken !== 'en') await lab.change({ language: spoken });
  return {
    dir,
    host,
    lab,
    run: (file, args, more) => host.processes.run({ file, args, ...more }),
    async write(path, text) {
      await host.files.mkdir(path.slice(0, path.lastIndexOf('\\')), { recursive: true });
      await host.files.writeAtomic(path, Buffer.from(text));
    },
    read: async path => (await host.files.read(path))?.toString('utf8'),
    last: async () => (await lab.processes()).at(-1),
  };
}
