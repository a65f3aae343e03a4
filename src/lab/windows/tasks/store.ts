import type { Files } from '../../../io/ports.ts';

/**
 * One file per task, UTF-16LE with a byte order mark, named as the task below folders named as its folders.
 */
const tasksFolder = 'C:\\Windows\\System32\\Tasks';
const runningFile = 'C:\\Windows\\System32\\config\\running-tasks.json';

/** `\Folder\Name` for `Folder\Name`, `/Folder/Name`; undefined for a name that can't be one. */
export function taskUri(typed: string): string | undefined {
  const uri = `\\${typed.replaceAll('/', '\\').replace(/^\\+/, '')}`;
  return /[<>:"|?*]|\\\\|\\$|\\\.{1,2}(\\|$)/.test(uri) ? undefined : uri;
}

export async function readTask(files: Files, uri: string): Promise<string | undefined> {
  const bytes = await files.read(`${tasksFolder}${uri}`);
  return bytes && decode(bytes);
}

/** Text of a file with a UTF-16 byte order mark; anything else is taken for UTF-8. */
export const decode = (bytes: Buffer): string =>
  bytes[0] === 0xff && bytes[1] === 0xfe ? bytes.subarray(2).toString('utf16le') : bytes.toString('utf8');

export async function writeTask(files: Files, uri: string, xml: string): Promise<void> {
  const path = `${tasksFolder}${uri}`;
  await files.mkdir(path.slice(0, path.lastIndexOf('\\')), { recursive: true });
  await files.writeAtomic(path, Buffer.from(`\ufeff${xml}`, 'utf16le'));
}

export async function removeTask(files: Files, uri: string): Promise<void> {
  await files.remove(`${tasksFolder}${uri}`);
}

/** URIs of all tasks, folder by folder. */
export async function listTasks(files: Files, folder = ''): Promise<string[]> {
  const found: string[] = [];
  for (const name of ((await files.list(`${tasksFolder}${folder}`)) ?? []).sort()) {
    const uri = `${folder}\\${name}`;
    const stat = await files.stat(`${tasksFolder}${uri}`);
    if (stat?.kind === 'directory') found.push(...(await listTasks(files, uri)));
    else found.push(uri);
  }
  return found;
}

/** Lower-case URIs of tasks that were run by hand and not ended. */
export async function readRunning(files: Files): Promise<string[]> {
  const bytes = await files.read(runningFile);
  return bytes ? (JSON.parse(bytes.toString('utf8')) as string[]) : [];
}

/** As a restart does. */
export async function endAllTasks(files: Files): Promise<void> {
  if ((await readRunning(files)).length > 0) await files.remove(runningFile);
}

export async function setRunning(files: Files, uri: string, running: boolean): Promise<void> {
  const others = (await readRunning(files)).filter(one => one !== uri.toLowerCase());
  const all = running ? [...others, uri.toLowerCase()] : others;
  await files.writeAtomic(runningFile, Buffer.from(`${JSON.stringify(all)}\n`));
}
