import { win32 } from 'node:path';
import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { ReadIo, WriteIo } from '../../engine/model/io.ts';
import type { Command } from '../../io/ports.ts';
import { parseXml, type XmlElement, XmlError } from '../../io/xml.ts';
import { runTool, succeeded, type Tool, toolFailure } from '../../programs/run-tool.ts';
import { runPowershell } from '../tools/powershell.ts';
import { system32, temporaryFile } from '../tools/programs.ts';
import { printTask } from './task-xml.ts';

/** Milliseconds. */
const limit = 2 * 60_000;

/**
 * The task of a name like `\Folder\Name`, undefined when there is none. Windows keeps each as a file, so that
 * reading takes no process, and says nothing in the language of the machine.
 */
export async function readTask(io: ReadIo, uri: string): Promise<XmlElement | undefined> {
  const bytes = await io.files.read(fileOf(io, uri));
  if (!bytes) return undefined;
  const isWide = bytes[0] === 0xff && bytes[1] === 0xfe;
  try {
    return parseXml(isWide ? bytes.subarray(2).toString('utf16le') : bytes.toString('utf8'));
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    throw new Failure(
      world('task-unreadable', own`the file of the task ${uri} is not XML: ${error.message}`, {
        hint: own`delete the task (\`schtasks /delete\`), and run again`,
      }),
    );
  }
}

/** The names of all tasks, `\\Folder\\Name`. Rejects with a Failure where the folder can't be listed. */
export async function taskNames(io: ReadIo, folder = '\\'): Promise<string[]> {
  const names: string[] = [];
  try {
    for (const name of ((await io.files.list(fileOf(io, folder))) ?? []).toSorted()) {
      const isFolder = (await io.files.stat(fileOf(io, `${folder}${name}`)))?.kind === 'directory';
      if (isFolder) names.push(...(await taskNames(io, `${folder}${name}\\`)));
      else names.push(`${folder}${name}`);
    }
    return names;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof Failure || code === undefined) throw error;
    throw new Failure(
      world('access-denied', own`the scheduled tasks can't be listed: ${code}`, {
        hint: own`run converge as an administrator`,
      }),
    );
  }
}

const fileOf = (io: ReadIo, uri: string): string => system32(io, `Tasks${uri}`);

/** Makes a task or replaces it; one process. The definition goes by a file that no ordinary user can read. */
export async function registerTask(io: WriteIo, uri: string, task: XmlElement): Promise<void> {
  const file = temporaryFile(io, `converge-${io.random.uuid()}.xml`);
  await io.step(`register task ${uri}`);
  try {
    // schtasks believes the declaration: a file that says UTF-16 has to be it.
    await io.files.writeAtomic(file, Buffer.from(`\ufeff${printTask(task)}`, 'utf16le'), { private: true });
    const command = schtasks(io, ['/create', '/tn', uri, '/xml', file, '/f']);
    await runTool(io, tool, command, `registering the task ${uri} failed`);
  } finally {
    await io.files.remove(file);
  }
}

/** The same for a task that logs on with a password, which schtasks takes only as an argument. */
export async function registerTaskWithPassword(
  io: WriteIo,
  uri: string,
  task: XmlElement,
  { user, password }: { user: string; password: string },
): Promise<void> {
  await io.step(`register task ${uri}`);
  const name = win32.basename(uri);
  await runPowershell(
    io,
    'Register-ScheduledTask -TaskName $d.name -TaskPath $d.folder -Xml $d.xml -User $d.user -Password $d.password -Force | Out-Null',
    { name, folder: uri.slice(0, -name.length), xml: printTask(task), user, password },
    `registering the task ${uri}`,
  );
}

/** One that is gone already is fine. */
export async function deleteTask(io: WriteIo, uri: string): Promise<void> {
  await io.step(`delete task ${uri}`);
  const result = await io.run(schtasks(io, ['/delete', '/tn', uri, '/f']));
  if (succeeded(result)) return;
  if (!result.timedOut && !(await io.files.stat(fileOf(io, uri)))) return;
  throw new Failure(toolFailure(tool, `deleting the task ${uri} failed`, result));
}

const schtasks = (io: ReadIo, args: string[]): Command => ({
  file: system32(io, 'schtasks.exe'),
  args,
  timeout: limit,
});

/** Every failure is exit code 1, told in the language of the machine. */
const tool: Tool = {
  name: 'schtasks',
  failed: 'task-refused',
  hint: 'it needs an administrator, and an account and a program that this Windows knows',
  words: ['stderr', 'stdout'],
};
