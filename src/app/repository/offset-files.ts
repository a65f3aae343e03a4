import { join } from 'node:path';
import type { Files } from '../../io/ports.ts';
import type { ServedDisk } from '../../nbd/server.ts';

/** Bytes of one file: a longer extent is cut there. */
const longest = 2 ** 30;
/** Bytes that are read at a time. */
const piece = 8 * 2 ** 20;
/** Digits of an offset: as many as the largest disk needs, so that names sort as offsets do. */
const digits = 16;

/**
 * Writes what of a disk isn't zeros as one file per extent, called by its offset in decimal digits, into a
 * folder that gets its name when all is there; `size` holds the bytes of the disk. What is at `path` is
 * replaced.
 */
export async function writeOffsetFiles(
  disk: ServedDisk,
  path: string,
  files: Files,
  signal: AbortSignal,
): Promise<void> {
  const unfinished = `${path}.unfinished-export`;
  await files.remove(unfinished, { recursive: true });
  await files.mkdir(unfinished, { mode: 0o700 });
  try {
    await files.writeAtomic(join(unfinished, 'size'), Buffer.from(`${disk.bytes}\n`), { private: true });
    for await (const { start, length } of extentsOf(disk, signal)) {
      const name = String(start).padStart(digits, '0');
      await files.writeAtomic(join(unfinished, name), contentOf(disk, start, length, signal), {
        private: true,
      });
    }
    await files.remove(path, { recursive: true });
    await files.rename(unfinished, path);
  } catch (error) {
    await files.remove(unfinished, { recursive: true });
    throw error;
  }
}

/** Extents that aren't zeros, whole whatever answers they are told in, and none longer than a file may be. */
async function* extentsOf(
  disk: ServedDisk,
  signal: AbortSignal,
): AsyncGenerator<{ start: number; length: number }> {
  let open: { start: number; length: number } | undefined;
  for (let at = 0; at < disk.bytes; ) {
    for (const { start, length, zero } of await disk.status(at, disk.bytes - at, signal)) {
      at = start + length;
      if (!zero) open = { start: open?.start ?? start, length: (open?.length ?? 0) + length };
      if (open && zero) {
        yield* cut(open);
        open = undefined;
      }
    }
  }
  if (open) yield* cut(open);
}

function* cut({ start, length }: { start: number; length: number }) {
  for (let at = 0; at < length; at += longest)
    yield { start: start + at, length: Math.min(longest, length - at) };
}

async function* contentOf(
  disk: ServedDisk,
  start: number,
  length: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  for (let at = 0; at < length; at += piece) {
    signal.throwIfAborted();
    yield await disk.read(start + at, Math.min(piece, length - at), signal);
  }
}
