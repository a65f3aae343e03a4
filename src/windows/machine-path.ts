import { Failure, world } from '../diagnostics/diagnostic.ts';
import type { ReadIo } from '../engine/io.ts';
import { system32 } from './programs.ts';

/** `Path` among the machine's variables, as it stands in the registry: with `%SystemRoot%` and the like. */
export interface MachinePath {
  type: 'REG_SZ' | 'REG_EXPAND_SZ';
  value: string;
}

const key = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment';

/** By `reg query`. Rejects with a Failure (world) when it can't be read, or not without losing letters. */
export async function readMachinePath(io: ReadIo): Promise<MachinePath> {
  const { exitCode, stdout } = await io.run({
    file: system32(io, 'reg.exe'),
    args: ['query', key, '/v', 'Path'],
  });
  const [, type, value] = /^ +Path +(REG_SZ|REG_EXPAND_SZ) +(.*?)\r?$/im.exec(stdout) ?? [];
  if (exitCode !== 0 || type === undefined || value === undefined)
    throw new Failure(
      world('path-not-read', `the machine's Path can't be read from the registry (exit code ${exitCode})`),
    );
  // reg.exe writes in the console's code page: what that lacks comes out as a question mark or worse.
  if (/[^\x20-\x7e]|\?/.test(value))
    throw new Failure(
      world(
        'path-not-ascii',
        "the machine's Path holds letters that reg.exe can't print, and would lose them",
        {
          hint: 'use short names (`dir /x`) for such directories',
        },
      ),
    );
  return { type: type as MachinePath['type'], value };
}

/** By `reg add`. A running service sees it when it is started again. */
export async function writeMachinePath({ type, value }: MachinePath, io: ReadIo): Promise<void> {
  const { exitCode } = await io.run({
    file: system32(io, 'reg.exe'),
    args: ['add', key, '/v', 'Path', '/t', type, '/d', value, '/f'],
  });
  if (exitCode === 0) return;
  throw new Failure(
    world('path-not-written', `the machine's Path can't be written to the registry (exit code ${exitCode})`, {
      hint: 'run as an administrator or as SYSTEM',
    }),
  );
}
