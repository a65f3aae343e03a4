import type { Files } from '../../src/io/ports.ts';
import type { BlockSource } from '../../src/replication/model/source.ts';

/** A raw image as the source of a cycle reads it. */
export async function fileSource(files: Files, path: string): Promise<BlockSource> {
  const file = await files.open(path, 'r');
  if (!file) throw new Error(`${path} is not there`);
  const { size } = await file.stat();
  return {
    size,
    async readInto(target, offset) {
      for (let done = 0; done < target.length; ) {
        const got = await file.read(target.subarray(done), offset + done);
        if (got === 0) throw new Error(`${path} ends at ${offset + done}`);
        done += got;
      }
    },
    close: () => file.close(),
  };
}
