import { win32 } from 'node:path';
import { Failure, world } from '../diagnostics/diagnostic.ts';

/** What CreateProcess runs by itself, and scripts, which only an interpreter can run. */
const programs = ['.com', '.exe'];
const scripts = ['.cmd', '.bat'];

/**
 * Absolute path of a program of Windows: a path as it stands, a bare name in the directories of `path`. The
 * working directory isn't searched, where whoever may write could leave a `reg.exe`; Windows itself would.
 * Without it, what can't be started is handed to cmd.exe by execa, which reads arguments anew and ends with
 * an exit code of its own. Undefined when there is none.
 * @param path the variable Path
 * @throws Failure (world) for a script
 */
export async function findProgram(
  file: string,
  { cwd, path }: { cwd: string; path: string },
  isFile: (path: string) => Promise<boolean>,
): Promise<string | undefined> {
  const isPath = /[\\/:]/.test(file);
  const folders = isPath ? [cwd] : path.split(';').map(folder => folder.trim().replace(/^"(.*)"$/, '$1'));
  const endings = [...(win32.extname(file) === '' ? [] : ['']), ...programs, ...scripts];
  for (const folder of folders.filter(folder => folder !== '')) {
    for (const ending of endings) {
      const found = win32.resolve(cwd, folder, `${file}${ending}`);
      if (!(await isFile(found))) continue;
      if (programs.includes(win32.extname(found).toLowerCase())) return found;
      throw script(file, found);
    }
  }
  return undefined;
}

const script = (file: string, found: string): Failure =>
  new Failure(
    world(
      'program-not-started',
      `can't run ${file}: ${found} is not an .exe, and no shell is used to run it`,
      {
        hint: `name what runs it, as in ['cmd.exe', '/d', '/c', '${found}'] for a .cmd`,
      },
    ),
  );
