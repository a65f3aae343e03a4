import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { windowsWorld } from '../../support/windows-world.ts';

export interface Recorded {
  program: string;
  args: string[];
  missing?: true;
  exit_code?: number;
  stdout?: string;
  stderr?: string;
}

/** What the script for a real Windows asks for. */
export function probes(): { program: string; args: string[]; input?: string }[] {
  const script = readFileSync(join(import.meta.dirname, '../../../tools/capture-windows.ps1'), 'utf8');
  const [, list = ''] = /^\$probes = @'\r?\n(.*?)\r?\n'@/ms.exec(script) ?? [];
  return JSON.parse(list);
}

const task = `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <Triggers><BootTrigger /></Triggers><Actions><Exec><Command>cmd.exe</Command></Exec></Actions>
</Task>`;

/** The same recording of the lab's Windows, as the script would write it of a real one. */
export async function labCapture() {
  const features = ['IIS-WebServerRole', 'IIS-WebServer', 'IIS-DefaultDocument'];
  const { run, host, write } = await windowsWorld(features);
  await write('C:\\Windows\\Temp\\task.xml', Buffer.from(`\ufeff${task}`, 'utf16le'));
  await run('schtasks.exe', ['/create', '/tn', 'Sync', '/xml', 'C:\\Windows\\Temp\\task.xml']);
  const calls: Recorded[] = [];
  for (const { program, args, input } of probes()) {
    const file = `C:\\Windows\\System32\\${program}`;
    if (!(await host.files.stat(file)) || program.endsWith('powershell.exe')) {
      calls.push({ program, args, missing: true });
      continue;
    }
    const { exitCode, stdout, stderr } = await run(file, args, input === undefined ? {} : { input });
    const bytes = (text: string) => Buffer.from(text).toString('base64');
    calls.push({ program, args, exit_code: exitCode, stdout: bytes(stdout), stderr: bytes(stderr) });
  }
  return {
    converge_capture: 1,
    taken: '2026-03-01T12:00:00Z',
    host: {
      windows: '10.0.20348.0',
      language: 'en-US',
      formats: 'en-US',
      code_page: 437,
      elevated: true,
      iis: '10.0',
      system_root: 'C:\\Windows',
    },
    calls,
  };
}
