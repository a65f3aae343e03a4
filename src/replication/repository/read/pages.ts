import { ID_BYTES } from '../../format/blocks.ts';
import { damaged } from '../../format/damage.ts';
import { checkPage, mergePage, PAGE_CAP, type PageRefs, type SectionRef } from '../../format/page-map.ts';
import { sealerFor } from '../../format/sealing.ts';
import { readAgain } from './read-again.ts';
import type { VmContext } from './repository-context.ts';

/** The sections of a page, opened. `sizes`: bytes of the pages objects, from the root. */
async function sections(
  context: VmContext,
  refs: PageRefs,
  sizes: Map<string, number>,
  signal?: AbortSignal,
) {
  const open = (kind: 'base' | 'delta', ref: SectionRef) =>
    readAgain(
      () => openOnce(kind, ref),
      () => context.ranges.forget(context.names.pages(ref.object)),
    );
  const openOnce = async (kind: 'base' | 'delta', { object, offset, length }: SectionRef) => {
    const key = context.names.pages(object);
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
  const [base, deltas] = await Promise.all([
    refs.base && open('base', refs.base),
    Promise.all(refs.deltas.map(ref => open('delta', ref))),
  ]);
  return { base, deltas };
}

/** Ids of a page of `blocks` blocks, and the opened deltas they come from. */
export async function loadPage(
  context: VmContext,
  refs: PageRefs,
  sizes: Map<string, number>,
  blocks: number,
  signal?: AbortSignal,
): Promise<{ ids: Buffer; deltas: Buffer[] }> {
  const { base, deltas } = await sections(context, refs, sizes, signal);
  const ids = Buffer.alloc(blocks * ID_BYTES);
  mergePage(ids, base, deltas);
  return { ids, deltas };
}
