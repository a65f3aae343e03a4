import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Catalog } from '../../engine/model/catalog.ts';
import type { Where } from '../../engine/model/resource-type.ts';
import { confine, placeBelow } from '../../io/confined.ts';
import type { Host } from '../../io/ports.ts';
import type { ManifestHost } from '../../manifest/compile.ts';
import type { Facts } from '../../manifest/scope/facts.ts';
import type { Context } from '../app-context.ts';
import type { Lab } from './open-lab.ts';

/** What any host has to begin with. */
const usual = [
  'etc/NetworkManager/system-connections',
  'etc/default',
  'etc/dracut.conf.d',
  'etc/initramfs-tools/hooks',
  'etc/network/interfaces.d',
  'etc/systemd/network',
  'etc/systemd/system',
  'opt',
  'srv',
  'tmp',
  'var',
];

/**
 * The lab's host for manifests that require `platform`. For Windows it is a machine of its own; else it is
 * this machine with the lab's clock, with every host path below the lab's `host` folder, and with stand-ins
 * for programs that would reach the machine's services.
 */
export async function labHost(host: Host, lab: Lab, platform?: NodeJS.Platform): Promise<Host> {
  if (platform === 'win32') {
    const { windowsHost } = await import('../../lab/windows/host.ts');
    return windowsHost(host, join(lab.dir, 'windows'), lab.clock);
  }
  const root = join(lab.dir, 'host');
  // `/srv` is on the drive of the working directory, if there are drives.
  const top = host.platform === 'win32' ? join(root, host.cwd.slice(0, 1)) : root;
  for (const name of usual) await mkdir(join(top, name), { recursive: true });
  const { withStandIns } = await import('../../lab/linux/programs.ts');
  return { ...withStandIns(confine(host, root)), clock: lab.clock };
}

/** Where resources would be if a command that opens no lab acted on them. */
export const whereOf = ({ io: { host } }: Context, { platform }: Catalog): Where =>
  platform === 'win32' && host.platform !== 'win32'
    ? { platform, cwd: 'C:\\', lab: true }
    : { platform: host.platform, cwd: host.cwd };

/** Where a directory of the lab's host really is, for the programs of this machine that run there. */
export const realDirectory =
  (lab: Lab, { platform }: Host) =>
  (directory: string): string =>
    platform === 'win32' ? directory : placeBelow(join(lab.dir, 'host'), directory);

/**
 * What the compiler knows of the lab's host for a platform; undefined where it is this machine's likeness.
 */
export const labHostFor =
  ({ io }: Context, factsOf: (host: Pick<Host, 'platform'>) => Facts) =>
  async (platform: NodeJS.Platform): Promise<ManifestHost | undefined> => {
    if (platform !== 'win32') return undefined;
    const { builtIn, environment } = await import('../../lab/windows/machine/environment.ts');
    return {
      platform,
      hostCwd: 'C:\\',
      facts: factsOf({ platform }),
      env: environment(io.host.env, builtIn),
    };
  };
