import { win32 } from 'node:path';
import type { Files } from '../../../io/ports.ts';
import { foldPath } from '../machine/paths.ts';
import { type Ace, parseSddl, printSddl } from './ace.ts';

const file = 'C:\\Windows\\System32\\config\\acls.json';

/** Of C: itself, and of folders that keep theirs. */
const initial: Record<string, string> = {
  'c:': 'D:PAI(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)(A;OICI;0x1200a9;;;BU)(A;CI;0x4;;;BU)(A;CIIO;0x2;;;BU)(A;OICIIO;FA;;;CO)',
  'c:/windows': 'D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)',
  'c:/program files': 'D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)',
  'c:/program files (x86)': 'D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)',
};

interface Stored {
  /** Of the file that it was set on: another file of that name has it no more. */
  inode: string;
  sddl: string;
}

/** The list that a file or directory has by itself, and what it gets from above. */
export interface Acl {
  explicit: Ace[];
  inherited: Ace[];
  isProtected: boolean;
}

/** Access control lists, of paths in folded form. */
export class Acls {
  readonly #files: Files;
  readonly #stored: Map<string, Stored>;

  constructor(files: Files, stored: Record<string, Stored>) {
    this.#files = files;
    this.#stored = new Map(Object.entries(stored));
  }

  /** Undefined for a path that isn't there. */
  async read(path: string): Promise<Acl | undefined> {
    const stat = await this.#files.stat(path);
    if (!stat) return undefined;
    const key = foldPath(path)!;
    const own = this.#stored.get(key);
    const sddl = own?.inode === String(stat.inode) ? own.sddl : initial[key];
    const { aces, isProtected } = (sddl === undefined ? undefined : parseSddl(sddl)) ?? {
      aces: [],
      isProtected: false,
    };
    if (isProtected || key === 'c:') return { explicit: aces, inherited: [], isProtected };
    const above = (await this.read(win32.dirname(path)))!;
    const inherited = [...above.explicit, ...above.inherited].flatMap(ace =>
      inheritedBy(ace, stat.kind === 'directory'),
    );
    return { explicit: aces, inherited, isProtected };
  }

  async write(path: string, { explicit, isProtected }: Pick<Acl, 'explicit' | 'isProtected'>): Promise<void> {
    const stat = (await this.#files.stat(path))!;
    const key = foldPath(path)!;
    const isUsual = explicit.length === 0 && !isProtected && initial[key] === undefined;
    if (isUsual) this.#stored.delete(key);
    else this.#stored.set(key, { inode: String(stat.inode), sddl: printSddl(explicit, isProtected) });
  }

  async save(): Promise<void> {
    const text = JSON.stringify(Object.fromEntries(this.#stored), null, 1);
    await this.#files.writeAtomic(file, Buffer.from(`${text}\n`));
  }
}

export async function readAcls(files: Files): Promise<Acls> {
  const bytes = await files.read(file);
  return new Acls(files, bytes ? (JSON.parse(bytes.toString('utf8')) as Record<string, Stored>) : {});
}

/** What a child gets of an entry of its directory. */
function inheritedBy(ace: Ace, directory: boolean): Ace[] {
  const has = (flag: Ace['flags'][number]) => ace.flags.includes(flag);
  if (!directory) return has('OI') && ace.sid !== 'S-1-3-0' ? [{ ...ace, flags: ['ID'] }] : [];
  if (!has('CI') && !has('OI')) return [];
  if (has('NP')) return has('CI') ? [{ ...ace, flags: ['ID'] }] : [];
  const passes: Ace['flags'] = [...(has('OI') ? ['OI' as const] : []), ...(has('CI') ? ['CI' as const] : [])];
  // What is for files alone, or for whoever creates them, only passes through.
  const through = !has('CI') || ace.sid === 'S-1-3-0';
  return [{ ...ace, flags: [...passes, ...(through ? ['IO' as const] : []), 'ID'] }];
}
