import type { Files } from '../../io/ports.ts';
import { plural } from '../../io/units.ts';
import { settlePending } from './features/state.ts';
import { driveC } from './host.ts';
import { servicesStarted } from './iis/host/runtime.ts';
import { checkRule, type FaultRule } from './machine/faults.ts';
import type { Language } from './machine/machine.ts';
import { clearLog, readLog, type Spawned } from './machine/process-log.ts';
import { changeSettings, readSettings, type WindowsSettings } from './machine/settings.ts';
import { readServices } from './services/store.ts';
import { endAllTasks } from './tasks/store.ts';

/** The world's side of the Windows host: what `converge lab …` asks and tells it. */
export interface WindowsLab {
  settings(): Promise<WindowsSettings>;
  change(told: { language?: Language; elevated?: boolean }): Promise<WindowsSettings>;
  /** Armed until it was met. Throws a Failure for a rule that the host doesn't know. */
  fault(rule: FaultRule): Promise<void>;
  /** Makes pending features real, ends tasks, starts the services that start by themselves. */
  restart(): Promise<void>;
  processes(): Promise<Spawned[]>;
  forgetProcesses(): Promise<void>;
}

/** `dir` is the lab's `windows` folder; all of it is read anew each time, since runs write there too. */
export function windowsLab(files: Files, dir: string): WindowsLab {
  return {
    settings: () => readSettings(files, dir),
    change: told => changeSettings(files, dir, settings => void Object.assign(settings, told)),
    async fault(rule) {
      checkRule(rule);
      await changeSettings(files, dir, ({ faults }) => void faults.push({ rule, left: rule.times ?? 1 }));
    },
    async restart() {
      const drive = await driveC(files, dir);
      await settlePending(drive);
      await endAllTasks(drive);
      const services = await readServices(drive);
      services.restart();
      await services.save(drive);
      await servicesStarted({ files: drive });
    },
    processes: () => readLog(files, dir),
    forgetProcesses: () => clearLog(files, dir),
  };
}

export const describeWindows = ({ language, elevated, faults }: WindowsSettings): string =>
  [
    `Windows host  speaks ${language === 'de' ? 'German' : 'English'}, runs are ${elevated ? '' : 'not '}elevated`,
    ...(faults.length > 0 ? [`${plural(faults.length, 'fault')} armed`] : []),
  ].join(', ');

/** A script is too long for a line; `--format json` has it whole. */
const shortened = (arg: string): string =>
  arg.length > 200 ? `${arg.slice(0, 60)} ... (${arg.length} characters)` : arg;

/** One line per program, oldest first, and how many of them changed anything. */
export function describeProcesses(processes: readonly Spawned[]): string[] {
  if (processes.length === 0) return ['no programs were started on the Windows host'];
  const lines = processes.map(({ program, args, exit_code, changed }) => {
    const command = [program, ...args.map(shortened)]
      .map(arg => (/[\s"]|^$/.test(arg) ? JSON.stringify(arg) : arg))
      .join(' ');
    return `${changed ? 'changed' : 'looked '}  ${(exit_code ?? 'not started').toString().padStart(5)}  ${command}`;
  });
  const changing = processes.filter(({ changed }) => changed).length;
  return [...lines, `${plural(processes.length, 'program')} started, ${changing} of them changed something`];
}
