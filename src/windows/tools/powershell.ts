import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { Json } from '../../engine/model/catalog.ts';
import type { ReadIo } from '../../engine/model/io.ts';
import { runTool, type Tool } from '../../programs/run-tool.ts';
import { system32 } from './programs.ts';

/** Milliseconds; starting PowerShell alone may take seconds. */
const limit = 5 * 60_000;

/**
 * Runs one of our fixed scripts with data as JSON on its stdin. Windows' own programs take a password
 * only as an argument, which other processes and the audit log can read; a script text could be logged as
 * well (script block logging), so nothing of the data is part of it.
 * @param what for messages, "setting the password of x"
 */
export async function runPowershell(
  io: Pick<ReadIo, 'env' | 'run'>,
  script: string,
  data: Record<string, Json>,
  what: string,
): Promise<string> {
  const file = system32(io, 'WindowsPowerShell', 'v1.0', 'powershell.exe');
  const args = ['-NoProfile', '-NonInteractive', '-Command', `${prelude}${script}`];
  const command = { file, args, input: asciiJson(data), timeout: limit };
  const { stdout } = await runTool(io, tool, command, `${what} failed`);
  return stdout;
}

const tool: Tool = { name: 'PowerShell', failed: 'powershell-failed', words: ['stderr', 'stdout'] };

/** PowerShell reads stdin in the console's code page, which has its own idea of every letter beyond ASCII. */
const asciiJson = (data: Record<string, Json>): string =>
  JSON.stringify(data).replace(/[^ -~]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/**
 * Runs a script that ends with `Out-Data` and gives what that was given, whose arrays must be written as
 * `@(...)`: PowerShell makes a single thing of an array of one. Rejects with a Failure (world).
 */
export async function readPowershell<T>(
  io: Pick<ReadIo, 'env' | 'run'>,
  script: string,
  data: Record<string, Json>,
  what: string,
): Promise<T> {
  const text = await runPowershell(io, `${outData}${script}`, data, what);
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new Failure(world('powershell-unreadable', `${what}: PowerShell's answer is not JSON`));
  }
}

/** An error ends the script with exit code 1, and `$d` is what came by stdin. */
const prelude = `$ErrorActionPreference = 'Stop'; $d = [Console]::In.ReadToEnd() | ConvertFrom-Json; `;

/** Writes JSON as UTF-8 bytes: what goes by the console is in its code page, which lacks letters. */
const outData =
  'function Out-Data($v) { $b = [Text.Encoding]::UTF8.GetBytes((ConvertTo-Json -InputObject $v -Depth 8 -Compress)); ' +
  '$o = [Console]::OpenStandardOutput(); $o.Write($b, 0, $b.Length); $o.Flush() } ';

/** DISM's name of what brings PowerShell's module for IIS. */
export const iisModule = 'IIS-ManagementScriptingTools';
const noModule = 'no module';

/** Sets one attribute of an object of IIS that nobody may see: `path` is one of its PowerShell drive. */
export async function setIisSecret(io: ReadIo, path: string, name: string, value: string): Promise<void> {
  const what = `setting ${name} of ${path}`;
  const said = await runPowershell(
    io,
    `if (-not (Get-Module -ListAvailable WebAdministration)) { '${noModule}'; exit }; ` +
      'Import-Module WebAdministration; Set-ItemProperty -LiteralPath $d.path -Name $d.name -Value $d.value',
    { path, name, value },
    what,
  );
  if (said.trim() !== noModule) return;
  throw new Failure(
    world('iis-module-missing', `${what} needs PowerShell's module WebAdministration, which isn't there`, {
      hint: `declare \`windows_feature: { ${iisModule}: {} }\``,
    }),
  );
}
