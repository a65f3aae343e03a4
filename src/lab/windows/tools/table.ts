import type { Tool } from '../machine.ts';
import { reg } from './reg.ts';

const system32 = 'C:\\Windows\\System32\\';

/** The programs that a new Windows has, with their paths as they are made. cmd.exe is the runner's own. */
export const shipped: Readonly<Record<string, Tool | undefined>> = {
  [`${system32}cmd.exe`]: undefined,
  [`${system32}reg.exe`]: reg,
};

/** All stand-ins by folded path; one whose file isn't there can't be started. */
export const programs: Readonly<Record<string, Tool>> = Object.fromEntries(
  Object.entries(shipped).flatMap(([path, tool]) =>
    tool ? [[path.replaceAll('\\', '/').toLowerCase(), tool] as const] : [],
  ),
);
