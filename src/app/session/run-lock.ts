import { join } from 'node:path';
import { blocked } from '../../diagnostics/diagnostic.ts';
import { type Lock, takeLock } from '../../io/lock.ts';
import type { Context } from '../app-context.ts';

/** One run at a time per state folder. */
export function lockState(context: Context, stateDir: string, timeout: number): Promise<Lock> {
  const { host, interrupt } = context.io;
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
