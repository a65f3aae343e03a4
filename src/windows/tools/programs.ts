import { win32 } from 'node:path';
import type { ReadIo } from '../../engine/model/io.ts';

/**
 * Absolute path of a file below System32. A 32-bit process sees another folder under that name, and the
 * real one as Sysnative (Microsoft, "File System Redirector").
 */
export function system32({ env }: Pick<ReadIo, 'env'>, ...parts: string[]): string {
  const root = variable(env, 'SystemRoot') ?? 'C:\\Windows';
  const folder = variable(env, 'PROCESSOR_ARCHITEW6432') === undefined ? 'System32' : 'Sysnative';
  return win32.join(root, folder, ...parts);
}

/** Path of a file in Windows' own Temp, where users can't change what an administrator made. */
export const temporaryFile = (io: Pick<ReadIo, 'env'>, name: string): string =>
  win32.join(variable(io.env, 'SystemRoot') ?? 'C:\\Windows', 'Temp', name);

/** An environment variable of Windows, whose names have no case. */
export function variable(env: ReadIo['env'], name: string): string | undefined {
  const key = Object.keys(env).find(known => known.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : env[key];
}

/** `%SystemDrive%\x` with the variables that are known, as IIS reads its physical paths. */
export const expanded = (text: string, env: ReadIo['env']): string =>
  text.replace(/%([^%]+)%/g, (whole, name: string) => variable(env, name) ?? whole);
