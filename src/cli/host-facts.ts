import { hostname, release } from 'node:os';
import type { Host } from '../io/ports.ts';
import type { Facts } from '../manifest/facts.ts';
import { systemName } from '../manifest/requires.ts';

/** Windows Server 2022, what the lab's Windows host is. */
const labWindows = '10.0.20348';

/** The facts of this machine, or of the lab's host. */
export function hostFacts(host: Pick<Host, 'platform'>, lab: boolean): Facts {
  return new Map([
    ['os', { doc: '`windows`, `linux`, `darwin`', read: () => systemName(host.platform) }],
    ['hostname', { doc: 'name of the machine; `lab` in the lab', read: () => (lab ? 'lab' : hostname()) }],
    ['architecture', { doc: '`x64`, `arm64`', read: () => process.arch }],
    [
      'os_release',
      {
        doc: 'version of the operating system',
        read: () => (host.platform === process.platform ? release() : labWindows),
      },
    ],
    ['node', { doc: 'version of Node.js that runs converge', read: () => process.versions.node }],
    ['lab', { doc: 'whether this is a run in the lab', read: () => lab }],
  ]);
}
