import { guestFamily, type MachineRecord } from '../../replication/model/machine.ts';
import { GUEST_REPORT, type GuestFact } from '../guest-facts/format.ts';
import type { GuestReport } from './guest-report.ts';
import type { Judged } from './judged.ts';

/** What of a guest has to be known, and what it is called where it is told. */
const wanted: Record<'linux' | 'windows', readonly [GuestFact, what: string][]> = {
  linux: [
    ['ena', 'ENA driver'],
    ['dhcp', 'DHCP'],
    ['remote_access', 'SSH'],
    ['account', 'account'],
    ['serial_console', 'serial console'],
    ['time', 'time'],
  ],
  windows: [
    ['nvme', 'NVMe driver'],
    ['ena', 'ENA driver'],
    ['dhcp', 'DHCP'],
    ['san_policy', 'SAN policy'],
    ['ec2launch', 'EC2Launch'],
    ['remote_access', 'RDP'],
    ['firewall', 'firewall'],
    ['account', 'account'],
    ['serial_console', 'serial console'],
    ['kms', 'KMS'],
    ['time', 'time'],
  ],
};

const wayOut = {
  linux: `apply the module ec2_ready_linux in the guest, which writes ${GUEST_REPORT.linux}; then make a new point`,
  windows: `apply the module ec2_ready_windows in the guest, which writes ${GUEST_REPORT.windows}; then make a new point`,
};

/** Without these it doesn't start, or nobody reaches it. */
const closesFast: readonly GuestFact[] = ['nvme', 'ena'];

/** What the guest wrote about itself; the rest is unknown, in one finding with the way out. */
export function guestFindings(
  machine: MachineRecord,
  guest: GuestReport | { unread: string } | undefined,
): Judged[] {
  const family = guestFamily(machine);
  if (family === 'other') return [];
  const facts = guest && 'facts' in guest ? guest.facts : {};
  const found: Judged[] = [];
  const missing: string[] = [];
  for (const [name, what] of wanted[family]) {
    const said = facts[name];
    if (!said) missing.push(what);
    else
      found.push({
        what,
        verdict: said.ok ? 'ready' : 'not ready',
        why:
          said.what === ''
            ? `the guest says ${said.ok ? 'that it is right' : 'that it is wrong'}`
            : said.what,
        source: 'guest',
        ...(!said.ok && closesFast.includes(name) && { blocks: 'fast' as const }),
        ...(!said.ok && { wayOut: 'put it right in the guest, and have it say so again' }),
      });
  }
  if (missing.length === 0) return found;
  const why = guest && 'unread' in guest ? guest.unread : `the guest said nothing of it`;
  return [
    ...found,
    {
      what: 'guest',
      verdict: 'unknown',
      why: `${missing.join(', ')}: ${why}`,
      source: 'guest',
      wayOut: wayOut[family],
    },
  ];
}
