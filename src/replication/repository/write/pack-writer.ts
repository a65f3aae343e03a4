import { type ContainerBuilder, containerBuilder } from '../../format/container.ts';
import { encodePackFooter, PACK_TARGET, type PackedBlock } from '../../format/pack-object.ts';
import type { Location } from '../../model/location.ts';
import type { BlockId } from '../../model/repository.ts';
import { newId } from '../read/repository-context.ts';
import { type Session, uploads } from './commit-session.ts';

export interface PackWriter {
  /** Stores a block. Call `room` before the next one. */
  add(id: BlockId, plaintext: Buffer): Location;
  room(): Promise<void>;
  /** Resolves when all blocks are in the store. */
  flush(): Promise<void>;
}

/** Packs are uploaded while the next one fills. */
const UPLOADS = 2;

export function packWriter(session: Session): PackWriter {
  const { context, totals } = session;
  const queue = uploads(UPLOADS);
  let open: { id: string; key: string; builder: ContainerBuilder; blocks: PackedBlock[] } | undefined;

  const close = () => {
    if (!open) return;
    const { key, builder, blocks } = open;
    open = undefined;
    queue.start(() => session.put('pack', key, builder.finish(encodePackFooter(blocks)).bytes));
  };
  const begin = () => {
    const id = newId(context);
    const key = context.names.pack(id);
    open = { id, key, builder: containerBuilder(context.vault, 'pack', key, id), blocks: [] };
    return open;
  };
  return {
    add(id, plaintext) {
      const pack = open ?? begin();
      const span = pack.builder.addBlock(id, plaintext);
      pack.blocks.push({ id, ...span });
      totals.blocks_stored++;
      totals.bytes_stored += plaintext.length;
      totals.bytes_packed += span.length;
      if (pack.builder.size >= PACK_TARGET) close();
      return { pack: pack.id, ...span };
    },
    room: () => queue.room(),
    async flush() {
      close();
      await queue.end();
    },
  };
}
