import { join } from 'node:path';
import type { Host } from '../ports.ts';

/**
 * Where the locks of this machine lie, the same for all runs of one user, wherever they are started from:
 * what is gone with the machine's memory, since a lock means nothing after a restart.
 * `CONVERGE_RUNTIME_DIRECTORY` names another folder, for a container without a /run of its own.
 * @param user POSIX id of whoever runs this; there is none on Windows
 */
export function lockFolder(
  { platform, env }: Pick<Host, 'platform' | 'env'>,
  user: number | undefined = process.getuid?.(),
): string {
  const named = env.CONVERGE_RUNTIME_DIRECTORY;
  if (named) return named;
  if (platform === 'win32') return join(env.ProgramData ?? 'C:\\ProgramData', 'converge', 'run');
  if (user === 0) return platform === 'darwin' ? '/var/run/converge' : '/run/converge';
  if (env.XDG_RUNTIME_DIR) return join(env.XDG_RUNTIME_DIR, 'converge');
  // macOS gives each user a folder for temporary files; elsewhere the name tells users apart.
  return join(env.TMPDIR ?? '/tmp', `converge-${user}`);
}
