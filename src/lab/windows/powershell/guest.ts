import { readRules } from '../netsh/firewall.ts';
import { readRegistry } from '../registry/store.ts';
import { type Cmdlet, wrote } from './cmdlet.ts';
import { asObject } from './firewall.ts';

const publicProfile =
  'HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\PublicProfile';

/** What comes in from public networks, who administrates, and how Windows is activated: as it is when new. */
export const lookAtGuest: Cmdlet = async (_, __, { files }) => {
  const off = (await readRegistry(files)).value(publicProfile, 'EnableFirewall');
  const rules = (await readRules(files))
    .map(asObject)
    .filter(
      ({ enabled, direction, profiles, protocol }) =>
        enabled && direction === 1 && (profiles & 4) !== 0 && [6, 256].includes(protocol),
    )
    .map(rule => ({
      name: rule.name,
      allows: rule.action === 1,
      ports: rule.localPorts,
      from: rule.remoteAddresses,
      program: rule.program,
      service: rule.service,
    }));
  return wrote({
    firewall: { on: off?.data !== '0', blocksAll: false, rules },
    accounts: { names: ['Administrator'] },
    license: { channel: 'Windows(R) Operating System, VOLUME_KMSCLIENT channel', active: false },
  });
};
