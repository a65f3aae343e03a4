import { dirname, join, relative, resolve, sep } from 'node:path';
import { type Diagnostic, Failure, given } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { FileStat, ReadFiles } from '../../io/ports.ts';

/** The most that one manifest file may have, in bytes. */
const largestManifest = 8 * 1024 * 1024;

/** Folders beside manifests that hold something else. */
const notManifests = ['modules', 'data', 'types'];

/**
 * Where `modules/`, `data/` and `types/` may lie: the folders named, and their parents up to the working
 * directory.
 */
export async function foldersAround(paths: string[], files: ReadFiles, cwd: string): Promise<string[]> {
  const folders = new Set<string>();
  for (const path of paths) {
    const absolute = resolve(cwd, path);
    const stat = await files.stat(absolute).catch(() => undefined);
    let folder = stat?.kind === 'directory' || stat?.kind === 'symlink' ? absolute : dirname(absolute);
    folders.add(folder);
    while (folder !== cwd && folder.startsWith(cwd.endsWith(sep) ? cwd : cwd + sep)) {
      folder = dirname(folder);
      folders.add(folder);
    }
  }
  return [...folders];
}

export interface ManifestText {
  /** As shown in messages: relative to the working directory when below it, forward slashes. */
  name: string;
  /** Without a byte order mark. */
  text: string;
}

/**
 * Reads the manifests that the paths name: files, and folders with all `*.yaml` and `*.yml` below them in
 * sorted order (names that start with a dot are left out, and so are folders called `modules`, `data` and
 * `types`). A file named twice is read once.
 */
export async function readManifests(
  paths: string[],
  files: ReadFiles,
  cwd: string,
  report: (diagnostic: Diagnostic) => void,
): Promise<ManifestText[]> {
  const texts = new Map<string, ManifestText>();
  if (paths.length === 0)
    report(
      given('no-manifest', 'no manifest was given', { hint: 'name a manifest file or a folder of them' }),
    );
  for (const path of paths) {
    const absolute = resolve(cwd, path);
    const name = displayName(absolute, cwd);
    const unused = (folder: string) => report(notUsed(displayName(folder, cwd)));
    const found = await guarded(name, report, () => manifestsAt(absolute, files, unused));
    if (found === 'missing')
      report(
        given('no-such-file', `${name} is not there`, { hint: 'name a manifest file or a folder of them' }),
      );
    else if (found?.length === 0)
      report(
        given('empty-folder', `the folder ${name} holds no manifest`, {
          hint: 'a manifest ends in .yaml or .yml',
        }),
      );
    for (const file of found === 'missing' ? [] : (found ?? [])) {
      if (texts.has(file)) continue;
      const shown = displayName(file, cwd);
      const text = await guarded(shown, report, () => readText(file, shown, files, report));
      if (text !== undefined) texts.set(file, { name: shown, text });
    }
  }
  return [...texts.values()];
}

/** A path as messages show it: relative to `cwd` when below it, forward slashes. */
export function displayName(absolute: string, cwd: string): string {
  const below = relative(cwd, absolute);
  const outside = below === '..' || below.startsWith(`..${sep}`) || resolve(below) === below;
  return (outside ? absolute : below || '.').replaceAll(sep, '/');
}

/** Answers of the file system (no permission, a loop of links) become one error that names the file. */
async function guarded<T>(
  name: string,
  report: (diagnostic: Diagnostic) => void,
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (error instanceof Failure) for (const diagnostic of error.diagnostics) report(diagnostic);
    else if (typeof code === 'string') report(given('unreadable-file', own`${name} can't be read: ${code}`));
    else throw error;
    return undefined;
  }
}

const notUsed = (folder: string): Diagnostic => ({
  ...given(
    'folder-not-used',
    `${folder} is not used: it belongs to manifests below the folder that was named`,
    {
      hint: `name ${dirname(folder)} itself to use it`,
    },
  ),
  severity: 'warning',
});

async function manifestsAt(
  path: string,
  files: ReadFiles,
  unused: (folder: string) => void,
): Promise<string[] | 'missing'> {
  const stat = await files.stat(path);
  if (!stat) return 'missing';
  if (stat.kind === 'file' || stat.kind === 'other') return [path];
  const names = await files.list(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  const nested = (folder: string) => dirname(folder) !== path && unused(folder);
  return names ? manifestsBelow(path, names, files, nested) : [path];
}

async function manifestsBelow(
  folder: string,
  names: string[],
  files: ReadFiles,
  beside: (folder: string) => void,
): Promise<string[]> {
  const found: string[] = [];
  for (const name of [...names].sort()) {
    if (name.startsWith('.')) continue;
    const path = join(folder, name);
    const kind = (await files.stat(path))?.kind;
    if (kind === 'directory' && notManifests.includes(name)) beside(path);
    else if (kind === 'directory')
      found.push(...(await manifestsBelow(path, (await files.list(path)) ?? [], files, beside)));
    else if (/\.ya?ml$/i.test(name) && kind !== undefined) found.push(path);
  }
  return found;
}

/** What is there in the end, through symbolic links; a loop of them is the system's to refuse. */
async function kindOf(path: string, files: ReadFiles): Promise<FileStat['kind'] | undefined> {
  let at = path;
  for (let links = 0; ; links++) {
    const kind = (await files.stat(at))?.kind;
    if (kind !== 'symlink' || links === 40) return kind;
    at = resolve(dirname(at), (await files.readlink(at)) ?? '');
  }
}

/** The text of one file, or undefined and a diagnostic. */
export const readTextFile = (
  path: string,
  name: string,
  files: ReadFiles,
  report: (diagnostic: Diagnostic) => void,
): Promise<string | undefined> => guarded(name, report, () => readText(path, name, files, report));

async function readText(
  path: string,
  name: string,
  files: ReadFiles,
  report: (diagnostic: Diagnostic) => void,
): Promise<string | undefined> {
  if ((await kindOf(path, files)) === 'other') {
    // Reading a pipe or a device may never end.
    report(
      given('no-regular-file', `${name} is not a regular file`, { hint: 'save the manifest as a file' }),
    );
    return undefined;
  }
  const size = (await files.stat(path))?.size ?? 0;
  const bytes = size > largestManifest ? undefined : await files.read(path);
  if (size > largestManifest || (bytes && bytes.length > largestManifest)) {
    report(
      given('too-large', `${name} is larger than 8 MiB`, {
        hint: 'split it: a run takes any number of files',
      }),
    );
    return undefined;
  }
  if (!bytes) {
    report(given('no-such-file', `${name} is not there`));
    return undefined;
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  report(
    given('binary-file', `${name} is not text in UTF-8`, { hint: 'a manifest is YAML, saved as UTF-8' }),
  );
  return undefined;
}
