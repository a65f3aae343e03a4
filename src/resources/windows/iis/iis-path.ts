import type { ReadIo } from '../../../engine/model/io.ts';
import { expanded } from '../../../windows/tools/programs.ts';
import { ancestors, hostPath } from '../../host/paths/path.ts';

/** A physical path as IIS keeps it: backslashes, none at the end but that of a drive. */
export function iisPath(path: string): string {
  const slashed = path.replaceAll('/', '\\');
  return /^[A-Za-z]:\\$/.test(slashed) ? slashed : slashed.replace(/\\+$/, '');
}

/**
 * What is there, in the declared form when both are one directory: IIS keeps `%SystemDrive%` as it was
 * written, and neither case nor a slash at the end matters.
 */
export function sameIisPath(is: string, declared: string | undefined, env: ReadIo['env']): string {
  if (declared === undefined) return iisPath(is);
  const key = (path: string) => iisPath(expanded(path, env)).toLowerCase();
  return key(is) === key(declared) ? iisPath(declared) : iisPath(is);
}

/** The directory itself, or the nearest one above it that is declared; what fills it comes first. */
export function needsPath(path: string) {
  if (path.includes('%')) return [];
  const id = hostPath(path, { platform: 'win32', cwd: 'C:\\' });
  return [{ anyOf: [id, ...ancestors(id)].map(at => `path:${at}`) }];
}
