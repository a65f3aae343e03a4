/**
 * Security descriptors as Windows writes them down, in no language. Source: "Security Descriptor String
 * Format" and "ACE Strings" of the Windows API documentation.
 */
export interface Writers {
  /**
   * Trustees besides the system and the administrators that may change what is there, as the text names them.
   */
  change: string[];
  /** Those that may put something else in its place, or give themselves the right to. */
  replace: string[];
}

const administrators = new Set([
  'SY',
  'BA',
  'LA',
  'S-1-5-18',
  'S-1-5-32-544',
  // TrustedInstaller, to whom Windows' own folders belong.
  'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464',
]);

const rights: Record<string, number> = {
  FA: 0x1f01ff,
  FR: 0x120089,
  FW: 0x120116,
  FX: 0x1200a0,
  GA: 0x10000000,
  GX: 0x20000000,
  GW: 0x40000000,
  GR: 0x80000000,
  SD: 0x10000,
  RC: 0x20000,
  WD: 0x40000,
  WO: 0x80000,
  CC: 0x1,
  DC: 0x2,
  LC: 0x4,
  SW: 0x8,
  RP: 0x10,
  WP: 0x20,
  DT: 0x40,
  LO: 0x80,
  CR: 0x100,
};
const everything = -1;

/** Delete, delete a child, change the list, change the owner, all. */
const replacing = 0x10000 | 0x40 | 0x40000 | 0x80000 | 0x10000000;
/** The same, and write, append, or write by the generic right. */
const changing = replacing | 0x2 | 0x4 | 0x40000000;

/** Who else than the system and the administrators may write, by owner and list of a descriptor. */
export function writersIn(sddl: string): Writers {
  const owner = /O:(S-[\d-]+|[A-Z]{2})/.exec(sddl)?.[1] ?? 'nobody known';
  const found: [who: string, mask: number][] = administrators.has(owner) ? [] : [[owner, everything]];
  const list = /D:([A-Z_]*)((?:\(.*?\))*)/.exec(sddl);
  if (!list || list[1]!.includes('NO_ACCESS_CONTROL')) found.push(['everybody', everything]);
  for (const [, type, flags, mask, who] of (list?.[2] ?? '').matchAll(
    /\(([^;]*);([^;]*);([^;]*);[^;]*;[^;]*;([^;)]*)/g,
  )) {
    // What only children inherit says nothing of the thing itself.
    if (!/^X?A/.test(type!) || pairs(flags!).includes('IO')) continue;
    if (!administrators.has(who!)) found.push([who!, maskOf(mask!)]);
  }
  const having = (bits: number) => [
    ...new Set(found.filter(([, mask]) => (mask & bits) !== 0).map(([who]) => who)),
  ];
  return { change: having(changing), replace: having(replacing) };
}

const pairs = (text: string): string[] => text.match(/../g) ?? [];

/** A right that isn't known counts as all of them. */
const maskOf = (text: string): number =>
  /^0x/i.test(text) ? Number(text) : pairs(text).reduce((sum, pair) => sum | (rights[pair] ?? everything), 0);
