import type { Host } from '../../io/ports.ts';
import { runtime } from '../../io/runtime.ts';
import { posixWhoCanChange, type WhoCanChange } from '../../masterless/trust/trusted-files.ts';
import { writersIn } from '../../windows/security/sddl.ts';
import { runPowershell } from '../../windows/tools/powershell.ts';

/** What tells whether others could have put a key there, on this machine. */
export function whoCanChange({ platform, files, env, processes }: Host): WhoCanChange {
  if (platform !== 'win32') return posixWhoCanChange(files, runtime.uid()!);
  const asked = new Map<string, Promise<string>>();
  const sddlOf = (path: string) => {
    const answer =
      asked.get(path) ??
      runPowershell(
        { env, run: command => processes.run(command) },
        '(Get-Acl -LiteralPath $d.path).Sddl',
        { path },
        `reading the access list of ${path}`,
      );
    asked.set(path, answer);
    return answer;
  };
  return async (path, above) => {
    const sddl = await sddlOf(path);
    const { change, replace } = writersIn(sddl);
    const [who] = above ? replace : change;
    if (who === undefined) return undefined;
    return {
      why: `can be written by others (${who})`,
      hint: `icacls "${path}" /inheritance:r /grant *S-1-5-18:(OI)(CI)F *S-1-5-32-544:(OI)(CI)F, with an administrator as its owner`,
    };
  };
}
