import { join } from 'node:path';
import type { Clock, Files, Host } from '../../io/ports.ts';
import { environmentKey, install } from './install.ts';
import { builtIn, type Environment, environment, expand } from './machine/environment.ts';
import { windowsFiles } from './machine/files.ts';
import { readSettings } from './machine/settings.ts';
import { windowsProcesses } from './processes.ts';
import { readRegistry } from './registry/store.ts';
import { textOf } from './registry/values.ts';
import { programs } from './tools/table.ts';

/** Where a program's writing needs an administrator; new things may be made in the other folders. */
const guarded = /^(windows(?!\/temp(\/|$))|program files|program files \(x86\))(\/|$)/;

/**
 * The Windows machine of a lab, made when `dir`, the lab's `windows` folder, holds none: drive C: is the
 * directory `C` there. `machine` is what the lab runs on; its own files are touched nowhere else.
 */
export async function windowsHost(machine: Host, dir: string, clock: Clock): Promise<Host> {
  const { random } = machine;
  const files = await driveC(machine.files, dir);
  const env = await environmentOf(files);
  return {
    clock,
    random,
    files,
    platform: 'win32',
    cwd: 'C:\\',
    env,
    processes: windowsProcesses({ files, below: machine.files, dir, clock, random, env, programs }),
  };
}

/** Drive C: of the lab's Windows machine, with a Windows on it. */
export async function driveC(below: Files, dir: string): Promise<Files> {
  const root = join(dir, 'C');
  await below.mkdir(root, { recursive: true });
  await install(windowsFiles(below, root));
  return windowsFiles(below, root, async parts => {
    if (!guarded.test(parts.join('/').toLowerCase())) return undefined;
    return (await readSettings(below, dir)).elevated
      ? undefined
      : 'access is denied without an administrator';
  });
}

/** As a process gets it when it starts: what changes in the registry later, it doesn't see. */
async function environmentOf(files: Files): Promise<Environment> {
  const registry = await readRegistry(files);
  const own = environment(
    builtIn,
    Object.fromEntries((registry.values(environmentKey) ?? []).map(value => [value.name, textOf(value)])),
  );
  return environment(
    Object.fromEntries(
      Object.entries(own).map(([name, value]) => [name, value && expand(expand(value, own), own)]),
    ),
  );
}
