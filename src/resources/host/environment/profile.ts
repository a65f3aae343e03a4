import type { ReadIo, WriteIo } from '../../../engine/model/io.ts';
import type { Id } from '../../../engine/model/resource-type.ts';
import type { ReadFiles } from '../../../io/ports.ts';
import { sha256 } from '../../../values/digest.ts';

const folder = '/etc/profile.d';
const prefix = 'converge-path';

/** The file that login shells read for one directory; the hash tells `/a-b` from `/a/b`. */
export const profileOf = (directory: Id): string => {
  const hash = sha256(directory).slice(0, 8);
  return `${folder}/${prefix}${directory.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 60)}-${hash}.sh`;
};

const quoted = (directory: Id) => `'${directory.replaceAll("'", "'\\''")}'`;

const script = (directory: Id): string => `# Written by converge: changes here are undone.
case ":$PATH:" in
  *:${quoted(directory)}:*) ;;
  *) PATH="$PATH":${quoted(directory)} ;;
esac
`;

/**
 * The directories that such files name: what isn't started by a login shell, as a service or a hook, has not
 * read them.
 */
export async function profileDirectories(files: ReadFiles): Promise<string[]> {
  const names = ((await files.list(folder)) ?? []).filter(name => name.startsWith(prefix));
  const scripts = await Promise.all(names.map(name => files.read(`${folder}/${name}`)));
  return scripts.flatMap(bytes => {
    const [, directory] = /^ {2}\*:'(.*)':\*\) ;;$/m.exec(bytes?.toString() ?? '') ?? [];
    return directory === undefined ? [] : [directory.replaceAll("'\\''", "'")];
  });
}

/** Undefined when there is none. */
export async function isProfileRight(directory: Id, io: ReadIo): Promise<boolean | undefined> {
  const bytes = await io.files.read(profileOf(directory));
  return bytes && bytes.toString() === script(directory);
}

export async function writeProfile(directory: Id, io: WriteIo): Promise<void> {
  await io.step(`write ${profileOf(directory)}`);
  if (!(await io.files.stat(folder))) await io.files.mkdir(folder, { mode: 0o755 });
  await io.files.writeAtomic(profileOf(directory), Buffer.from(script(directory)), { mode: 0o644 });
}

export async function removeProfile(directory: Id, io: WriteIo): Promise<void> {
  await io.step(`remove ${profileOf(directory)}`);
  await io.files.remove(profileOf(directory));
}
