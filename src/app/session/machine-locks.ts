import { join } from 'node:path';
import { blocked, type Diagnostic } from '../../diagnostics/diagnostic.ts';
import { canonicalJson } from '../../engine/model/canonical.ts';
import type { Guarded, Locks } from '../../engine/model/locks.ts';
import { takeLock } from '../../io/locks/lock.ts';
import { lockFolder } from '../../io/locks/lock-folder.ts';
import type { Host } from '../../io/ports.ts';
import { refuseForeign } from '../../io/refuse-foreign.ts';
import { sha256 } from '../../values/digest.ts';

/**
 * The locks of this machine below `folder`: `host`, and one for each object that lives elsewhere.
 * @param timeout how long to wait for another run, ms
 */
export function machineLocks(
  host: Pick<Host, 'clock' | 'files' | 'random'>,
  folder: string,
  timeout: number,
): Locks {
  return {
    async take(guarded, signal) {
      // It may be in /tmp, where anybody could have made it.
      await host.files.mkdir(folder, { recursive: true, mode: 0o700 });
      await refuseForeign(host.files, [folder]);
      return takeLock(join(folder, nameOf(guarded)), {
        host,
        timeout,
        signal,
        refused: holder => refused(guarded, holder),
      });
    },
  };
}

/** Where the locks of a run lie: in a lab's folder for what that stands for. */
export const locksOf = (machine: Host, lab: { dir: string } | undefined): string =>
  lab ? join(lab.dir, 'locks') : lockFolder(machine);

const nameOf = (guarded: Guarded): string =>
  guarded === 'host' ? 'host' : join('objects', sha256(canonicalJson(guarded)));

function refused(guarded: Guarded, holder: string): Diagnostic {
  const what = guarded === 'host' ? 'changes this host' : `changes ${guarded.type} ${guarded.id}`;
  return blocked('locked', `another run ${what}: ${holder}`, {
    hint: 'wait for it, or give --lock-timeout 10m',
  });
}
