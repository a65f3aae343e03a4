import { createHash } from 'node:crypto';
import type { ReadFiles } from '../../../io/ports.ts';

const chunkBytes = 256 * 1024;

/** `sha256:…` of a file's content in pieces of constant size; undefined when it isn't there. */
export async function digestOfFile(files: ReadFiles, path: string): Promise<string | undefined> {
  const handle = await files.open(path, 'r');
  if (!handle) return undefined;
  try {
    const hash = createHash('sha256');
    const { size } = await handle.stat();
    const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, size + 1));
    for (let at = 0; ; ) {
      const length = await handle.read(chunk, at);
      if (length === 0) return `sha256:${hash.digest('hex')}`;
      hash.update(chunk.subarray(0, length));
      at += length;
    }
  } finally {
    await handle.close();
  }
}
