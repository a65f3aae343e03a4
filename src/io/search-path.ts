import type { Command, Host, Processes } from './ports.ts';

/** Directories that programs of this run find programs in, above what converge itself was started with. */
export interface SearchPath {
  add(directory: string): void;
  remove(directory: string): void;
  /**
   * Another variable that programs get from now on; undefined for none. What a program is given itself comes
   * first.
   */
  set(variable: string, value: string | undefined): void;
}

/**
 * A process keeps the PATH that it was started with. This one gives its programs a PATH that follows what the
 * run finds and changes. `real`: where a directory of the host really is. `before`: what the host itself has
 * put on PATH since, or for others than this process; asked once, before the first program.
 */
export function followingPath(
  { processes, env, platform }: Pick<Host, 'processes' | 'env' | 'platform'>,
  real: (directory: string) => string = directory => directory,
  before: () => Promise<string[]> = async () => [],
): { processes: Processes; searchPath: SearchPath } {
  const separator = platform === 'win32' ? ';' : ':';
  const key = (directory: string) =>
    platform === 'win32'
      ? directory
          .replace(/[\\/]+$/, '')
          .toLowerCase()
          .replaceAll('/', '\\')
      : directory;
  const added = new Map<string, string>();
  const variables = new Map<string, [name: string, value: string]>();
  const removed = new Set<string>();
  const name =
    Object.keys(env).find(
      each => each.toLowerCase() === 'path' && (platform === 'win32' || each === 'PATH'),
    ) ?? 'PATH';
  const merged = (base: string): string => {
    const known = base.split(separator).filter(each => each !== '' && !removed.has(key(each)));
    const present = new Set(known.map(key));
    return [...known, ...[...added].filter(([each]) => !present.has(each)).map(([, each]) => each)].join(
      separator,
    );
  };
  let found: Promise<void> | undefined;
  const searchPath: SearchPath = {
    add(directory) {
      const at = real(directory);
      removed.delete(key(at));
      added.set(key(at), at);
    },
    remove(directory) {
      const at = real(directory);
      added.delete(key(at));
      removed.add(key(at));
    },
    set(variable, value) {
      const known = platform === 'win32' ? variable.toLowerCase() : variable;
      if (value === undefined) variables.delete(known);
      else variables.set(known, [variable, value]);
    },
  };
  return {
    processes: {
      run: async (command: Command, signal) => {
        found ??= before().then(directories => directories.forEach(searchPath.add));
        await found;
        if (added.size + removed.size + variables.size === 0) return processes.run(command, signal);
        const base = command.env?.[name] ?? env[name] ?? '';
        const set = Object.fromEntries(variables.values());
        return processes.run({ ...command, env: { ...set, ...command.env, [name]: merged(base) } }, signal);
      },
    },
    searchPath,
  };
}
