import { appcmd } from '../iis/appcmd.ts';
import type { Tool } from '../machine/machine.ts';
import { bcdedit } from './bcdedit.ts';
import { dism } from './dism.ts';
import { icacls } from './icacls.ts';
import { msiexec } from './msiexec.ts';
import { iisreset, net } from './net.ts';
import { netsh } from './netsh.ts';
import { powershell } from './powershell.ts';
import { reg } from './reg.ts';
import { sc } from './sc.ts';
import { schtasks } from './schtasks.ts';
import { tzutil } from './tzutil.ts';
import { whoami } from './whoami.ts';

const system32 = 'C:\\Windows\\System32\\';

/** The programs that a new Windows has, with their paths as they are made. cmd.exe is the runner's own. */
export const shipped: Readonly<Record<string, Tool | undefined>> = {
  [`${system32}bcdedit.exe`]: bcdedit,
  [`${system32}cmd.exe`]: undefined,
  [`${system32}dism.exe`]: dism,
  [`${system32}icacls.exe`]: icacls,
  [`${system32}msiexec.exe`]: msiexec,
  [`${system32}net.exe`]: net,
  [`${system32}netsh.exe`]: netsh,
  [`${system32}reg.exe`]: reg,
  [`${system32}sc.exe`]: sc,
  [`${system32}schtasks.exe`]: schtasks,
  [`${system32}tzutil.exe`]: tzutil,
  [`${system32}whoami.exe`]: whoami,
  [`${system32}WindowsPowerShell\\v1.0\\powershell.exe`]: powershell,
};

/** Those that come with a feature. */
const brought: Readonly<Record<string, Tool>> = {
  [`${system32}iisreset.exe`]: iisreset,
  [`${system32}inetsrv\\appcmd.exe`]: appcmd,
};

/** All stand-ins by folded path; one whose file isn't there can't be started. */
export const programs: Readonly<Record<string, Tool>> = Object.fromEntries(
  Object.entries({ ...shipped, ...brought }).flatMap(([path, tool]) =>
    tool ? [[path.replaceAll('\\', '/').toLowerCase(), tool] as const] : [],
  ),
);
