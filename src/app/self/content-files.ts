import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { filesByRoot, memoryFiles } from '../../io/memory-files.ts';
import type { ReadFiles } from '../../io/ports.ts';
import type { Content } from '../../masterless/content/fetch.ts';
import { damaged, openZip } from '../../resources/host/archive/zip.ts';
import { shippedModules } from '../session/load-catalog.ts';

/** Bytes that a bundle may have when unpacked: it is held in memory, whole. */
const largestBundle = 256 * 2 ** 20;

/**
 * Manifests, modules, data, types and sources that are read from these very bytes and from nowhere else; only
 * the modules that come with converge are those of its own folder.
 * @param root what names in messages are relative to; nothing is written there
 */
export async function contentFiles(content: Content, root: string, files: ReadFiles): Promise<ReadFiles> {
  const entries = content.name.endsWith('.zip')
    ? await unpacked(content)
    : new Map([[content.name, content.bytes]]);
  return filesByRoot([
    { root, files: memoryFiles(root, entries) },
    { root: shippedModules, files },
  ]);
}

async function unpacked({ name, bytes }: Content): Promise<Map<string, Buffer>> {
  const { crc32 } = await import('node:zlib');
  const zip = await openZip(memoryFiles('/', new Map([[name, bytes]])), `/${name}`, name, largestBundle);
  try {
    const entries = new Map<string, Buffer>();
    for (const entry of zip.entries) {
      if (entry.directory) continue;
      const read = await damaged(name, async () => {
        const pieces: Buffer[] = [];
        for await (const piece of await entry.open()) pieces.push(piece as Buffer);
        return Buffer.concat(pieces);
      });
      if (crc32(read) !== entry.crc32 || read.length !== entry.size)
        throw new Failure(
          world('archive-damaged', `the archive ${name} is damaged: ${entry.path} has another checksum`, {
            hint: 'make it again, sign it and upload both',
          }),
        );
      entries.set(entry.path, read);
    }
    return entries;
  } finally {
    await zip.close();
  }
}
