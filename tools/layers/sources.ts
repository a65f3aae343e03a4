import { readdir, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { type Import, importsOf } from './imports.ts';

/** The text of each TypeScript file in `folder`, by its path below it with `/`. */
export const readTexts = async (folder: string): Promise<Map<string, string>> => {
  const names = (await readdir(folder, { recursive: true })).filter(name => name.endsWith('.ts')).sort();
  const texts = await Promise.all(names.map(name => readFile(join(folder, name), 'utf8')));
  return new Map(names.map((name, at) => [name.split(sep).join('/'), texts[at]!]));
};

/** What each file in `folder` imports, by its path below it with `/`; nothing for what isn't TypeScript. */
export const readSources = async (folder: string): Promise<Map<string, Import[]>> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
  const imports = await Promise.all(
    paths.map(async path => (path.endsWith('.ts') ? importsOf(await readFile(path, 'utf8')) : [])),
  );
  return new Map(
    paths.map((path, at) => [
      path
        .slice(join(folder).length + 1)
        .split(sep)
        .join('/'),
      imports[at]!,
    ]),
  );
};
