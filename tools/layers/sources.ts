import { readdir, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { type Import, importsOf } from './imports.ts';

/** The text of each file in `folder` with this ending, by its path below it with `/`. */
export const readTexts = async (folder: string, ending = '.ts'): Promise<Map<string, string>> => {
  const names = (await readdir(folder, { recursive: true })).filter(name => name.endsWith(ending)).sort();
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

/** The texts that somebody reads as English, by their path: the source, and what is written for users. */
export const readProse = async (root: string): Promise<Map<string, string>> => {
  const inFolder = async (folder: string, ending: string) =>
    [...(await readTexts(join(root, folder), ending))].map(
      ([file, text]) => [`${folder}/${file}`, text] as const,
    );
  const pages = ['README.md', 'CONTRIBUTING.md'].map(
    async page => [page, await readFile(join(root, page), 'utf8')] as const,
  );
  const all = [...(await inFolder('src', '.ts')), ...(await inFolder('docs', '.md'))];
  return new Map([...all, ...(await Promise.all(pages))]);
};
