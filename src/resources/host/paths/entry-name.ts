import { Failure, world } from '../../../diagnostics/diagnostic.ts';

/** Device names of Windows, which no file may have, with whatever ending. */
const reserved = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])\s*(\.|$)/i;

/**
 * The parts of a relative name that came from outside (an entry of an archive, a key of a bucket), or why it
 * may not become a path below a folder. `windows`: also what Windows reads as something else than a name.
 */
export function entryParts(name: string, windows: boolean): string[] | string {
  const slashed = windows ? name.replaceAll('\\', '/') : name;
  if (/\p{Cc}/u.test(slashed)) return 'it holds a control character';
  if (slashed.startsWith('/')) return 'it is absolute';
  if (windows && /^[a-z]:/i.test(slashed)) return 'it begins with a drive';
  const parts = slashed.split('/').filter(part => part !== '' && part !== '.');
  if (parts.length === 0) return 'it is empty';
  for (const part of parts) {
    if (part === '..') return 'it leads out of its folder';
    if (!windows) continue;
    if (part.includes(':')) return 'it names a stream of a file';
    if (/[<>"|?*]/.test(part)) return 'Windows has no such names';
    if (/[. ]$/.test(part)) return 'Windows drops the dot or space at its end';
    if (reserved.test(part)) return 'it is a device of Windows';
  }
  return parts;
}

/** How file systems without case see a name. */
export const folded = (path: string): string => path.normalize('NFC').toLowerCase();

/**
 * Names as clean relative paths, `/` between parts.
 * @throws Failure (world) that lists all names that can't be taken, before anybody has written anything
 */
export function cleanNames(
  names: readonly { name: string; directory?: boolean }[],
  of: string,
  { windows }: { windows: boolean },
): string[] {
  const problems: string[] = [];
  const files = new Map<string, string>();
  const directories = new Map<string, string>();
  const clean = names.map(({ name, directory = false }) => {
    const parts = entryParts(name, windows);
    if (typeof parts === 'string') {
      problems.push(`${JSON.stringify(name)}: ${parts}`);
      return name;
    }
    const path = parts.join('/');
    const key = (text: string) => (windows ? folded(text) : text);
    const clash = (other: string | undefined, why: string) => {
      if (other !== undefined) problems.push(`${JSON.stringify(name)}: ${why} ${JSON.stringify(other)}`);
    };
    for (let depth = 1; depth < parts.length + (directory ? 1 : 0); depth++) {
      const above = parts.slice(0, depth).join('/');
      const known = directories.get(key(above));
      if (known === undefined) directories.set(key(above), above);
      else if (known !== above) clash(known, 'it differs only in case from');
      clash(files.get(key(above)), 'it is below the file');
    }
    if (!directory) {
      const other = files.get(key(path));
      clash(other, other === path ? 'it is there twice, as' : 'it differs only in case from');
      clash(directories.get(key(path)), 'it is also the directory');
      files.set(key(path), path);
    }
    return path;
  });
  if (problems.length === 0) return clean;
  const shown = problems.slice(0, 5).join('; ');
  const more = problems.length > 5 ? `; and ${problems.length - 5} more` : '';
  throw new Failure(
    world('unsafe-names', `${of} holds names that can't be taken: ${shown}${more}`, {
      hint: 'nothing was written; have it made without them',
    }),
  );
}
