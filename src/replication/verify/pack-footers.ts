import { MAX_BLOCK } from '../format/blocks.ts';
import type { PackedBlock } from '../format/pack-object.ts';
import { sealerFor } from '../format/sealing.ts';
import { isUnreadable } from '../model/damage.ts';
import type { Location } from '../model/store.ts';
import { readPackFooter } from '../repository/read/pack-footer.ts';
import type { VmContext } from '../repository/read/repository-context.ts';

/** Packs whose footers are kept, about 20 KiB each. */
const KEPT = 1024;

/** Which block is where in a pack: `idHex` by offset. Undefined: there is no such pack. */
export interface PackFooters {
  of(pack: string): Promise<Map<number, string> | undefined>;
  keep(pack: string, blocks: PackedBlock[]): void;
  /** Whether a reader still gets this block out of a pack whose end is damaged. */
  holds(location: Location, id: Buffer): Promise<boolean>;
}

export function packFooters(context: VmContext): PackFooters {
  const kept = new Map<string, Map<number, string>>();
  const keep = (pack: string, blocks: PackedBlock[]) => {
    const byOffset = new Map(blocks.map(b => [b.offset, b.id.toString('latin1')]));
    kept.set(pack, byOffset);
    for (const oldest of kept.keys()) {
      if (kept.size <= KEPT) break;
      kept.delete(oldest);
    }
    return byOffset;
  };
  return {
    keep,
    async holds({ pack, offset, length }, id) {
      const key = context.names.pack(pack);
      const sealer = sealerFor(context.vault, 'pack', key, Buffer.from(pack, 'hex'));
      try {
        const found = await context.store.get(key, { range: { start: offset, end: offset + length } });
        if (found?.bytes.length !== length) return false;
        sealer.openBlock(offset, found.bytes, MAX_BLOCK, id);
        return true;
      } catch (error) {
        if (isUnreadable(error)) return false;
        throw error;
      }
    },
    async of(pack) {
      const hit = kept.get(pack);
      if (hit) return hit;
      const key = context.names.pack(pack);
      const stat = await context.store.head(key);
      if (!stat) return undefined;
      const blocks = await readPackFooter(context, pack, stat.size);
      return blocks && keep(pack, blocks);
    },
  };
}
