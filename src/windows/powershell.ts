import { Failure, world } from '../diagnostics/diagnostic.ts';
import type { ReadIo } from '../engine/io.ts';
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
  data: Record<string, string>,
  what: string,
): Promise<string> {
  const file = system32(io, 'WindowsPowerShell', 'v1.0', 'powershell.exe');
  const args = ['-NoProfile', '-NonInteractive', '-Command', `${prelude}${script}`];
  const result = await io.run({ file, args, input: JSON.stringify(data), timeout: limit });
  if (result.exitCode === 0 && !result.timedOut) return result.stdout;
  const said = (result.stderr.trim() || result.stdout.trim()).replace(/\s+/g, ' ').slice(0, 400);
  const how = result.timedOut ? 'took too long and was stopped' : `failed with exit code ${result.exitCode}`;
  throw new Failure(world('powershell-failed', `${what} ${how}${said === '' ? '' : `: ${said}`}`));
}

/** An error ends the script with exit code 1, and `$d` is what came by stdin. */
const prelude = `$ErrorActionPreference = 'Stop'; $d = [Console]::In.ReadToEnd() | ConvertFrom-Json; `;

/** Sets one attribute of an object of IIS that nobody may see: `path` is one of its PowerShell drive. */
export const setIisSecret = (io: ReadIo, path: string, name: string, value: string): Promise<string> =>
  runPowershell(
    io,
    'Import-Module WebAdministration; Set-ItemProperty -LiteralPath $d.path -Name $d.name -Value $d.value',
    { path, name, value },
    `setting ${name} of ${path}`,
  );
