import { PACK_ROOM, type PackBuilder, packBuilder } from '../../format/pack-object.ts';
import type { BlockId } from '../../model/repository.ts';
import type { Location } from '../../model/store.ts';
import { newId } from '../read/repository-context.ts';
import { type Session, uploads } from './commit-session.ts';

export interface PackWriter {
  /** Stores a block. Only while there is room. */
  add(id: BlockId, plaintext: Buffer): Location;
  /** Whether a block can be added now. */
  hasRoom(): boolean;
  /** Waits for room. Throws what an upload threw. */
  room(): Promise<void>;
  /** Resolves when all blocks are in the store. */
  flush(): Promise<void>;
}

/** Packs that are on their way to the store while the next one fills. */
const UPLOADS = 3;

/**
 * Packs are made in a few buffers that are used again and again: a new one for each would have the garbage
 * collector look at everything every few of them. A buffer is free again when its upload has settled, all its
 * tries with it, and no sooner: until then the store reads from it.
 */
export function packWriter(session: Session): PackWriter {
  const { context, totals } = session;
  const queue = uploads(UPLOADS);
  const free: Buffer[] = [];
  let made = 0;
  let open: { id: string; key: string; builder: PackBuilder; buffer: Buffer } | undefined;

  const close = () => {
    if (!open) return;
    const { key, builder, buffer } = open;
    open = undefined;
    queue.start(() => session.put('pack', key, builder.finish()).finally(() => free.push(buffer)));
  };
  const takeBuffer = () => {
    const buffer = free.pop();
    if (buffer) return buffer;
    if (++made > UPLOADS + 1) throw new Error('a block was added where there was no room');
    return Buffer.allocUnsafeSlow(PACK_ROOM);
  };
  const begin = () => {
    const id = newId(context);
    const key = context.names.pack(id);
    const buffer = takeBuffer();
    open = { id, key, builder: packBuilder(context.vault, key, id, buffer), buffer };
    return open;
  };
  return {
    add(id, plaintext) {
      const pack = open ?? begin();
      const span = pack.builder.add(id, plaintext);
      totals.blocks_stored++;
      totals.bytes_stored += plaintext.length;
      totals.bytes_packed += span.length;
      if (pack.builder.isFull) close();
      return { pack: pack.id, ...span };
    },
    hasRoom: () => open !== undefined || queue.hasRoom(),
    room: () => queue.room(),
    async flush() {
      close();
      await queue.end();
    },
  };
}
