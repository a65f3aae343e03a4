import { fromSddl, toSddl } from '../machine/accounts.ts';

/** One access control entry. `flags` in the spelling of SDDL: OI, CI, NP, IO, ID (inherited). */
export interface Ace {
  type: 'allow' | 'deny';
  flags: Flag[];
  mask: number;
  sid: string;
}
export type Flag = 'OI' | 'CI' | 'NP' | 'IO' | 'ID';

export const flagOrder: readonly Flag[] = ['OI', 'CI', 'NP', 'IO', 'ID'];

/** Names of rights as icacls takes and prints them, and their masks. */
const simple: [name: string, mask: number][] = [
  ['F', 0x1f01ff],
  ['M', 0x1301bf],
  ['RX', 0x1200a9],
  ['R', 0x120089],
  ['W', 0x100116],
  ['D', 0x110000],
  ['N', 0],
];
const specific: [name: string, mask: number][] = [
  ['DE', 0x10000],
  ['RC', 0x20000],
  ['WDAC', 0x40000],
  ['WO', 0x80000],
  ['S', 0x100000],
  ['AS', 0x1000000],
  ['GR', 0x80000000],
  ['GW', 0x40000000],
  ['GE', 0x20000000],
  ['GA', 0x10000000],
  ['RD', 0x1],
  ['WD', 0x2],
  ['AD', 0x4],
  ['REA', 0x8],
  ['WEA', 0x10],
  ['X', 0x20],
  ['DC', 0x40],
  ['RA', 0x80],
  ['WA', 0x100],
];

/** `(OI)(CI)RX`, `(OI)(CI)(M)`, `(RD,WD)`: flags and mask; undefined for letters that mean nothing. */
export function parsePermission(text: string): { flags: Flag[]; mask: number } | undefined {
  const parts = [...text.matchAll(/\(([^()]*)\)|([^()]+)/g)].map(match =>
    (match[1] ?? match[2]!).toUpperCase(),
  );
  const flags: Flag[] = [];
  let mask: number | undefined;
  for (const part of parts) {
    if (['OI', 'CI', 'NP', 'IO'].includes(part) && mask === undefined) flags.push(part as Flag);
    else if (part === 'I' && mask === undefined) continue;
    else {
      for (const name of part.split(',')) {
        const found = [...simple, ...specific].find(([known]) => known === name.trim());
        if (!found) return undefined;
        mask = ((mask ?? 0) | found[1]) >>> 0;
      }
    }
  }
  return mask === undefined ? undefined : { flags, mask };
}

export function printPermission(mask: number): string {
  const whole = simple.find(([, known]) => known === mask);
  if (whole) return `(${whole[0]})`;
  const names: string[] = [];
  let left = mask;
  for (const [name, known] of simple.slice(1, -1)) {
    if ((mask & known) >>> 0 === known && (left & known) !== 0) {
      names.push(name);
      left = (left & ~known) >>> 0;
    }
  }
  for (const [name, known] of specific) if ((left & known) !== 0) names.push(name);
  return `(${names.join(',')})`;
}

const sddlRights: [name: string, mask: number][] = [
  ['FA', 0x1f01ff],
  ['FR', 0x120089],
  ['FW', 0x120116],
  ['FX', 0x1200a0],
];

/** `D:PAI(A;OICI;FA;;;BA)…` */
export function printSddl(aces: readonly Ace[], isProtected: boolean): string {
  const entries = aces.map(({ type, flags, mask, sid }) => {
    const rights = sddlRights.find(([, known]) => known === mask)?.[0] ?? `0x${mask.toString(16)}`;
    const ordered = flagOrder.filter(flag => flags.includes(flag)).join('');
    return `(${type === 'allow' ? 'A' : 'D'};${ordered};${rights};;;${toSddl(sid)})`;
  });
  return `D:${isProtected ? 'P' : ''}AI${entries.join('')}`;
}

/** Undefined for text that is not a discretionary list. */
export function parseSddl(text: string): { aces: Ace[]; isProtected: boolean } | undefined {
  const match = /^D:([A-Z]*)((?:\([^()]*\))*)/.exec(text.trim());
  if (!match) return undefined;
  const aces: Ace[] = [];
  for (const [, entry] of match[2]!.matchAll(/\(([^()]*)\)/g)) {
    const [type, flags = '', rights = '', , , who = ''] = entry!.split(';');
    const mask = sddlRights.find(([name]) => name === rights)?.[1] ?? Number(rights);
    if ((type !== 'A' && type !== 'D') || Number.isNaN(mask)) return undefined;
    aces.push({
      type: type === 'A' ? 'allow' : 'deny',
      flags: (flags.match(/../g) ?? []) as Flag[],
      mask,
      sid: fromSddl(who),
    });
  }
  return { aces, isProtected: match[1]!.replace('AI', '').includes('P') };
}
