import { Failure } from '../../diagnostics/diagnostic.ts';
import type { ReadFiles } from '../../io/ports.ts';

/** The text of a file; undefined when it isn't there or can't be read. */
export async function textAt(files: ReadFiles, path: string): Promise<string | undefined> {
  return unlessRefused(async () => (await files.read(path))?.toString('utf8'));
}

/** Whole paths of the files of a folder whose names end so, by name; none when there is no such folder. */
export async function filesIn(files: ReadFiles, folder: string, ending = ''): Promise<string[]> {
  const names = (await unlessRefused(() => files.list(folder))) ?? [];
  return names
    .filter(name => name.endsWith(ending))
    .sort()
    .map(name => `${folder}/${name}`);
}

/** What a link or its owner forbids to read isn't a fact, and doesn't end the look. */
async function unlessRefused<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** Sections of an INI file as systemd and NetworkManager write them; the last value of a name counts. */
export function sectionsOf(text: string): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let at = new Map<string, string>();
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    const section = /^\[(.+)\]$/.exec(line)?.[1];
    if (section !== undefined) {
      at = sections.get(section) ?? new Map();
      sections.set(section, at);
    }
    const [, name, value] = /^([^#;=[]+?)\s*=\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined) at.set(name, value!);
  }
  return sections;
}
