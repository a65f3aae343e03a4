import { readFooter, TRAILER_BYTES } from '../../format/container.ts';
import { decodePackFooter, type PackedBlock } from '../../format/pack-object.ts';
import { HEADER_BYTES, sealerFor } from '../../format/sealing.ts';
import { damaged } from '../../model/damage.ts';
import type { VmContext } from './repository-context.ts';

/**
 * Which blocks a pack of `size` bytes holds, from its end alone. Undefined when it is gone. Throws a Failure
 * `damaged-object`.
 */
export async function readPackFooter(
  context: VmContext,
  pack: string,
  size: number,
): Promise<PackedBlock[] | undefined> {
  const key = context.names.pack(pack);
  if (size < HEADER_BYTES + TRAILER_BYTES) throw damaged(key, 'its end is missing');
  const end = await context.store.get(key, { range: { start: size - TRAILER_BYTES, end: size } });
  if (!end) return undefined;
  if (end.bytes.length !== TRAILER_BYTES) throw damaged(key, 'its end is missing');
  const start = Number(end.bytes.readBigUInt64BE(0));
  if (start < HEADER_BYTES || start >= size) throw damaged(key, 'its trailer points nowhere');
  const tail = await context.store.get(key, { range: { start, end: size } });
  if (!tail) return undefined;
  const sealer = sealerFor(context.vault, 'pack', key, Buffer.from(pack, 'hex'));
  return decodePackFooter(readFooter(sealer, tail.bytes, start).payload);
}
