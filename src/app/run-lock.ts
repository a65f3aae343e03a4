import { join } from 'node:path';
import { blocked } from '../diagnostics/diagnostic.ts';
import { type Lock, takeLock } from '../io/lock.ts';
import type { ReadFiles } from '../io/ports.ts';
import { refuseForeign } from '../io/refuse-foreign.ts';
import type { Context } from './app-context.ts';

/** One run at a time per state folder. Throws a Failure (given) when others own the folder or can change it. */
export async function lockState(context: Context, stateDir: string, timeout: number): Promise<Lock> {
  const { host, interrupt } = context.io;
  await assertOwnStateDir(host.files, stateDir);
  return takeLock(join(stateDir, 'lock'), {
    host,
    timeout,
    signal: interrupt,
    refused: holder =>
      blocked('locked', `another run holds ${stateDir}: ${holder}`, {
        hint: 'wait for it, or give --lock-timeout 10m',
      }),
  });
}

/**
 * Throws a Failure (given) when others own a state folder, or can change it: what is remembered there says what
 * converge may remove.
 */
export const assertOwnStateDir = (files: ReadFiles, stateDir: string): Promise<void> =>
  refuseForeign(
    files,
    [stateDir, ...['lock', 'reports', 'state.json'].map(name => join(stateDir, name))],
    'name another folder with --state DIR',
  );
