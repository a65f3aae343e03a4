import { type Diagnostic, world } from '../../../diagnostics/diagnostic.ts';
import { own } from '../../../diagnostics/own-words.ts';
import type { Segment } from '../../format/root.ts';
import { doubtsOf } from '../../model/damage-record.ts';
import { type Relocated, relocate } from '../read/relocate.ts';
import type { Parts } from './disk-writer.ts';

/** What the packs tell is entered in the index. */
export function noteRelocated({ index }: Parts, relocated: Relocated): void {
  for (const [place, locations] of relocated) {
    const [disk, page] = place.split('/').map(Number);
    for (const [id, location] of locations) index.note(disk!, page!, id, location);
  }
}

/**
 * Those of the index objects that are there; what the others told is read from the packs. It is looked for by
 * one listing, and by a commit alone that writes to the index anyway.
 */
export async function segmentsThere(
  parts: Parts,
  segments: Segment[],
): Promise<{ segments: Segment[]; warnings: Diagnostic[] }> {
  const { context, totals } = parts.session;
  if (totals.blocks_stored === 0 || segments.length === 0) return { segments, warnings: [] };
  const { names, store } = context;
  const keyOf = ({ generation, id }: Segment) => names.index(generation, id);
  const sizes = new Map<string, number>();
  for await (const { key, size } of store.list(names.indexes)) sizes.set(key, size);
  const gone: string[] = [];
  for (const segment of segments) {
    const key = keyOf(segment);
    if (sizes.get(key) !== segment.bytes && (await store.head(key))?.size !== segment.bytes) gone.push(key);
  }
  if (gone.length === 0) return { segments, warnings: [] };
  const left = segments.filter(segment => !gone.includes(keyOf(segment)));
  const objects = gone.map(key => ({
    object: key.slice(names.folder.length),
    why: 'missing' as const,
    since: 0,
  }));
  noteRelocated(parts, await relocate(context, left, doubtsOf(objects)));
  return { segments: left, warnings: [indexHealed(gone)] };
}

const indexHealed = (gone: readonly string[]): Diagnostic => ({
  ...world(
    'repository-healed',
    own`a part of the index of the repository was missing: ${gone.join(', ')}; it was made again from the packs`,
    { hint: own`\`converge verify\` proves it; find out what removed it` },
  ),
  severity: 'warning',
});
