import { duration } from '../../io/units.ts';
import { guestFamily, type MachineRecord } from '../../replication/model/machine.ts';
import { GUEST_REPORT, type GuestFact, type SeenFact, type SeenFacts } from '../guest-facts/format.ts';
import type { DiskFacts } from './disk-facts.ts';
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

/** It is written each hour: one that is so much older than the point was written by nobody any more. */
const STALE = 86_400_000;

/**
 * What the registry of a Windows says, and what the guest wrote about itself; the rest is unknown, in one
 * finding with the way out. Where both say something the registry counts, which is as new as the point.
 *
 * @param at when the point was made, milliseconds since the epoch
 */
export function guestFindings(
  machine: MachineRecord,
  { guest, registry }: Pick<DiskFacts, 'guest' | 'registry'>,
  at: number,
): Judged[] {
  const family = guestFamily(machine);
  if (family === 'other') return [];
  const facts = guest && 'facts' in guest ? guest.facts : {};
  const seen = registry && 'facts' in registry ? registry : { isDirty: false, facts: {} as SeenFacts };
  const found: Judged[] = [];
  const missing: string[] = [];
  for (const [name, what] of wanted[family]) {
    const [read, said] = [seen.facts[name], facts[name]];
    if (read && !seen.isDirty) found.push(judged(name, what, read, 'disk'));
    else if (said) found.push(judged(name, what, said, 'guest'));
    else if (read)
      found.push({
        what,
        verdict: 'unknown',
        why: `${read.what}; its registry was being written, and its logs don't tell what it is to be`,
        source: 'disk',
        wayOut: wayOut[family],
      });
    else missing.push(what);
  }
  if (guest && 'at' in guest && at - guest.at > STALE && found.some(({ source }) => source === 'guest'))
    found.push({
      what: 'guest',
      verdict: 'unknown',
      why: `what it reports was ${duration(at - guest.at)} old when the point was made: it isn't written every hour any more`,
      source: 'guest',
      wayOut: `see that \`converge guest-facts\` runs each hour in the guest, as the module ec2_ready_${family} has it`,
    });
  const unread = [guest, registry].flatMap(one => (one && 'unread' in one ? one.unread : []));
  if (missing.length === 0) return found;
  const why = unread.length > 0 ? unread.join('; ') : 'the guest said nothing of it';
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

const judged = (name: GuestFact, what: string, said: SeenFact, source: 'disk' | 'guest'): Judged => ({
  what,
  verdict: said.ok ? 'ready' : 'not ready',
  why: said.what === '' ? `the guest says ${said.ok ? 'that it is right' : 'that it is wrong'}` : said.what,
  source,
  ...(!said.ok && closesFast.includes(name) && { blocks: 'fast' as const }),
  ...(!said.ok && { wayOut: 'put it right in the guest, and have it say so again' }),
});
