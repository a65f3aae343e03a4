/** What a guest can say about itself that its disks don't tell cheaply. */
export const GUEST_FACTS = [
  'nvme',
  'ena',
  'dhcp',
  'san_policy',
  'ec2launch',
  'remote_access',
  'firewall',
  'account',
  'serial_console',
  'kms',
  'time',
] as const;
export type GuestFact = (typeof GUEST_FACTS)[number];

/** One fact as the guest saw it, in words for whoever reads a table. */
export interface SeenFact {
  ok: boolean;
  what: string;
}

/** What a guest saw of itself. What couldn't be looked at isn't in it. */
export type SeenFacts = Partial<Record<GuestFact, SeenFact>>;

/** Where a guest keeps it; a Windows one where only administrators write. */
export const GUEST_REPORT = {
  linux: '/var/lib/converge/ec2-ready.json',
  windows: String.raw`C:\ProgramData\converge-guest-facts\ec2-ready.json`,
} as const;

/** The file's content. @param at milliseconds since the epoch, of the look */
export const guestReportText = (at: number, facts: SeenFacts): string =>
  `${JSON.stringify({ version: 1, at: new Date(at).toISOString(), facts }, null, 2)}\n`;
