import { posix, win32 } from 'node:path';
import { mistake } from '../../../engine/model/mistakes.ts';
import type { Id, Mistake, Where } from '../../../engine/model/resource-type.ts';
import { entryParts } from './entry-name.ts';

/**
 * A managed path in its one form: absolute, without `.`, `..` and a trailing slash. On Windows also in
 * lower case and with forward slashes, since `C:\Temp` and `c:/temp/` are one object.
 */
export function hostPath(path: string, { platform, cwd }: Where): Id {
  if (platform !== 'win32') return trimmed(posix.resolve(cwd, path));
  return trimmed(win32.resolve(cwd, path).replaceAll('\\', '/')).toLowerCase();
}

/** Why a path can't be that of an object: what Windows reads as something else than a path with names. */
export function pathMistakes(path: string, where: Where, pointer: string): Mistake[] {
  const problem = where.platform === 'win32' ? problemOf(path, hostPath(path, where)) : undefined;
  if (problem === undefined) return [];
  const message = `${path} can't be a path of Windows: ${problem}`;
  return [mistake(pointer, 'bad-path', message, 'write it like C:\\folder\\name or \\\\server\\share\\name')];
}

/** The same for types whose title is the path unless `path:` says it. */
export const ownPathMistakes = ({ path }: { path?: string }, title: string, where: Where): Mistake[] =>
  pathMistakes(path ?? title, where, path === undefined ? '' : '/path');

function problemOf(path: string, id: Id): string | undefined {
  if (/^[\\/]{2}[.?][\\/]/.test(path)) return 'it names a device';
  if (/^[a-z]:(?![\\/])/i.test(path)) return 'it is relative to where its drive happens to be';
  const names = id.replace(/^([a-z]:|\/\/[^/]+\/[^/]+)/, '').replace(/^\//, '');
  const parts = names === '' ? [] : entryParts(names, true);
  return typeof parts === 'string' ? parts : undefined;
}

/** The same path as it was written: what is made new gets its letters, on Windows as well. */
export const writtenPath = (path: string, { platform, cwd }: Where): string =>
  platform === 'win32'
    ? trimmed(win32.resolve(cwd, path).replaceAll('\\', '/'))
    : hostPath(path, { platform, cwd });

const trimmed = (path: string): string =>
  path.length > 1 && !/^[A-Za-z]:\/$/.test(path) ? path.replace(/\/+$/, '') : path;

/** The directory that holds `path`, undefined at the top. */
function parentPath(path: Id): Id | undefined {
  const parent = posix.dirname(path);
  return parent === path || parent === '.' ? undefined : /^[a-z]:$/.test(parent) ? `${parent}/` : parent;
}

/** All directories above `path`, nearest first. */
export function ancestors(path: Id): Id[] {
  const found: Id[] = [];
  for (let at = parentPath(path); at !== undefined && !found.includes(at); at = parentPath(at))
    found.push(at);
  return found;
}
