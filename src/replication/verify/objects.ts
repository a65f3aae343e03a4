import { Failure } from '../../diagnostics/diagnostic.ts';
import { MAX_BLOCK } from '../format/blocks.ts';
import { openContainer } from '../format/container.ts';
import { DAMAGE_CAP, decodeDamage } from '../format/damage-object.ts';
import { decodeIndexFooter, SECTION_CAP } from '../format/index-object.ts';
import { LEASE_CAP } from '../format/lease.ts';
import { decodeLocks, LOCKS_CAP } from '../format/locks-object.ts';
import { decodePackFooter, type PackedBlock } from '../format/pack-object.ts';
import { PAGE_CAP } from '../format/page-map.ts';
import { decodePagesFooter } from '../format/pages-object.ts';
import { decodePruning, PRUNING_CAP } from '../format/pruning-object.ts';
import { BUNDLE_CAP } from '../format/root.ts';
import { HEADER_BYTES, type Kind, openObject, type Sealer } from '../format/sealing.ts';
import type { Vault } from '../format/vault.ts';
import { damaged } from '../model/damage.ts';
import type { Span } from '../model/store.ts';
import { CHECKED_CAP, decodeCheckMemory } from '../repository/check-memory-store.ts';
import { openRoot } from '../repository/read/points.ts';
import { openEntry } from '../repository/read/roster.ts';
import { RECORD_CAP } from '../repository/records.ts';

/** Longest payload of a removal that is accepted, bytes. */
const SINGLE_CAP = 2 ** 20;
const caps: Partial<Record<Kind, number>> = { bundle: BUNDLE_CAP, record: RECORD_CAP, lease: LEASE_CAP };

/** What checking one object gave: the blocks of a pack, and the sections that are damaged. */
export interface Checked {
  blocks?: PackedBlock[];
  /** Pages of disks' maps that an index object tells of: `disk number/page`. */
  places?: string[];
  damage?: { message: string; sections: Set<number> | undefined };
}

/** The kind of an object by its key within a VM's folder; undefined for what isn't ours. */
export function kindOf(inFolder: string): { kind: Kind; id: string } | undefined {
  const single = (['head', 'lease', 'damage', 'checked', 'pruning', 'locks'] as const).find(
    name => name === inFolder,
  );
  if (single) return { kind: single, id: '' };
  const [, folder, id] =
    /^(points|removed|pages|index|packs|bundles)\/(?:\d{12}-|[0-9a-f]{2}\/)?([0-9a-f]{32})$/.exec(inFolder) ??
    [];
  if (!folder || !id) return undefined;
  const kinds: Record<string, Kind> = {
    points: 'point',
    removed: 'removal',
    pages: 'pages',
    index: 'index',
    packs: 'pack',
    bundles: 'bundle',
  };
  return { kind: kinds[folder]!, id };
}

/** Reads every byte of an object: each is in the header, a section with its tag, or the trailer. */
export function checkObject(vault: Vault, kind: Kind, key: string, bytes: Buffer): Checked {
  try {
    if (kind === 'pack') return checkPack(vault, key, bytes);
    if (kind === 'pages' || kind === 'index') {
      const { sealer, payload, offset } = openContainer(vault, kind, key, bytes);
      const sections = kind === 'pages' ? decodePagesFooter(payload) : decodeIndexFooter(payload).sections;
      const cap = kind === 'pages' ? PAGE_CAP : SECTION_CAP;
      const checked = checkSections(sealer, bytes, sections, offset, (section, stored) =>
        sealer.open(section.offset, stored, cap),
      );
      return kind === 'index' ? { ...checked, places: sections.map(s => `${s.disk}/${s.page}`) } : checked;
    }
    if (kind === 'point' || kind === 'head') openRoot(vault, kind, key, bytes);
    else if (kind === 'roster') openEntry(vault, key, bytes);
    else if (kind === 'damage') decodeDamage(key, openObject(vault, kind, key, bytes, DAMAGE_CAP));
    else if (kind === 'pruning') decodePruning(key, openObject(vault, kind, key, bytes, PRUNING_CAP));
    else if (kind === 'locks') decodeLocks(key, openObject(vault, kind, key, bytes, LOCKS_CAP));
    else if (kind === 'checked') decodeCheckMemory(key, openObject(vault, kind, key, bytes, CHECKED_CAP));
    else openObject(vault, kind, key, bytes, caps[kind] ?? SINGLE_CAP);
    return {};
  } catch (error) {
    return { damage: { message: messageOf(error), sections: undefined } };
  }
}

function checkPack(vault: Vault, key: string, bytes: Buffer): Checked {
  const { sealer, payload, offset } = openContainer(vault, 'pack', key, bytes);
  const blocks = decodePackFooter(payload);
  const { damage } = checkSections(sealer, bytes, blocks, offset, (block, stored) =>
    sealer.openBlock(block.offset, stored, MAX_BLOCK, block.id),
  );
  return damage ? { blocks, damage } : { blocks };
}

function checkSections<S extends Span>(
  sealer: Sealer,
  bytes: Buffer,
  sections: S[],
  footer: number,
  open: (section: S, stored: Buffer) => void,
): Checked {
  const bad = new Set<number>();
  let message = '';
  let end = HEADER_BYTES;
  for (const section of sections) {
    if (section.offset !== end) throw damaged(sealer.key, `its sections leave byte ${end} unaccounted for`);
    end += section.length;
    try {
      open(section, bytes.subarray(section.offset, end));
    } catch (error) {
      bad.add(section.offset);
      message ||= messageOf(error);
    }
  }
  if (end !== footer) throw damaged(sealer.key, `its sections leave byte ${end} unaccounted for`);
  return bad.size > 0 ? { damage: { message, sections: bad } } : {};
}

const messageOf = (error: unknown): string => {
  if (error instanceof Failure || error instanceof RangeError) return error.message;
  throw error;
};
