import type { Drafts } from '../drafts/drafts.ts';
import { pathKey } from '../drafts/paths.ts';

/** What a Windows host has, whatever it is for. */
const usual =
  /^[a-z]:(\\(windows(\\.*)?|program files( \(x86\))?|programdata|users(\\public)?|inetpub(\\wwwroot)?|temp))?\\?$/i;

/**
 * Beanstalk makes the folders above whatever it writes; in a manifest they are said. Those that every Windows
 * has, and those that are made by another resource, are left out.
 */
export function addFolders(drafts: Drafts): void {
  const made = new Set(
    drafts
      .all()
      .filter(({ type }) => type === 'file' || type === 'archive')
      .map(({ title }) => pathKey(title)),
  );
  for (const { type, title, properties, from } of drafts.all()) {
    if (!['file', 'archive', 'download'].includes(type) || properties.ensure === 'absent') continue;
    for (const folder of foldersAbove(title)) {
      if (made.has(pathKey(folder)) || usual.test(pathKey(folder))) continue;
      made.add(pathKey(folder));
      for (const at of from) drafts.set('file', folder, at, { kind: 'directory' });
    }
  }
}

/** `C:\a\b\c` is in `C:\a` and `C:\a\b`; slashes as they are written. */
function foldersAbove(path: string): string[] {
  const ends = [...path.matchAll(/[\\/]+/g)].map(({ index }) => index);
  return ends.map(end => path.slice(0, end)).filter(folder => /^[A-Za-z]:./.test(folder));
}
