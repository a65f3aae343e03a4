import { win32 } from 'node:path';

/** Names below the drive, outermost first; or why Windows has no such path. */
export type WindowsPath = { parts: string[] } | { refused: string };

/**
 * Names that no file can have, from "Naming Files, Paths, and Namespaces" of the Windows documentation.
 * Superscript digits count as digits there.
 */
const devices = /^(con|prn|aux|nul|(com|lpt)[1-9¹²³]|conin\$|conout\$)(\.|$)/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const forbidden = /[<>"|?*\u0000-\u001f]/;

/** Reads an absolute or relative path with `\` or `/`. `..` at the top stays at the top, as on Windows. */
export function parsePath(path: string, cwd = 'C:\\'): WindowsPath {
  const absolute = win32.resolve(cwd, path.replace(/^[\\/]{2}\?[\\/](?=[A-Za-z]:)/, ''));
  if (absolute.startsWith('\\\\')) return { refused: 'the network path was not found' };
  const drive = absolute.slice(0, 2).toUpperCase();
  if (drive !== 'C:') return { refused: `there is no drive ${drive}` };
  const parts = absolute.slice(2).split('\\').filter(Boolean);
  for (const part of parts) {
    const refused = refusedName(part);
    if (refused !== undefined) return { refused };
  }
  return { parts };
}

/**
 * One form per object: lower case, forward slashes, `c:/windows`. Undefined for a path that Windows has not.
 */
export function foldPath(path: string, cwd?: string): string | undefined {
  const parsed = parsePath(path, cwd);
  return 'parts' in parsed ? ['c:', ...parsed.parts].join('/').toLowerCase() : undefined;
}

function refusedName(name: string): string | undefined {
  if (name.includes(':')) return `\`${name}\` names a stream of a file, and the lab has none`;
  const character = forbidden.exec(name)?.[0];
  if (character !== undefined) return `a name can't hold ${JSON.stringify(character)}`;
  if (devices.test(name)) return `\`${name}\` is the name of a device`;
  if (/[. ]$/.test(name)) return `\`${name}\` ends with a dot or a space`;
  return undefined;
}
