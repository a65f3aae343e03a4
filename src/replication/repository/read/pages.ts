import { ID_BYTES } from '../../format/blocks.ts';
import { checkPage, mergePage, PAGE_CAP, type PageRefs, type SectionRef } from '../../format/page-map.ts';
import { sealerFor } from '../../format/sealing.ts';
import { damaged } from '../../model/damage.ts';
import { readAgain } from './read-again.ts';
import type { VmContext } from './repository-context.ts';

/** The payload of one section of a page. `sizes`: bytes of the pages objects, from the root. */
export function openSection(
  context: VmContext,
  kind: 'base' | 'delta',
  { object, offset, length }: SectionRef,
  sizes: ReadonlyMap<string, number>,
  signal?: AbortSignal,
): Promise<Buffer> {
  const key = context.names.pages(object);
  const once = async () => {
    const size = sizes.get(object) ?? offset + length;
    const stored = await context.ranges.read(key, size, offset, offset + length, signal);
    if (stored.length !== length) throw damaged(key, `it ends before byte ${offset + length}`);
    const sealer = sealerFor(context.vault, 'pages', key, Buffer.from(object, 'hex'));
    const payload = sealer.open(offset, stored, PAGE_CAP);
    try {
      checkPage(kind, payload);
    } catch (cause) {
      throw damaged(key, (cause as RangeError).message, cause);
    }
    return payload;
  };
  return readAgain(once, () => context.ranges.forget(key));
}

/** Ids of a page of `blocks` blocks, and the opened deltas they come from. */
export async function loadPage(
  context: VmContext,
  refs: PageRefs,
  sizes: Map<string, number>,
  blocks: number,
  signal?: AbortSignal,
): Promise<{ ids: Buffer; deltas: Buffer[] }> {
  const open = (kind: 'base' | 'delta', ref: SectionRef) => openSection(context, kind, ref, sizes, signal);
  const [base, deltas] = await Promise.all([
    refs.base && open('base', refs.base),
    Promise.all(refs.deltas.map(ref => open('delta', ref))),
  ]);
  const ids = Buffer.alloc(blocks * ID_BYTES);
  mergePage(ids, base, deltas);
  return { ids, deltas };
}
