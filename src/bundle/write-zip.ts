import { buffer } from 'node:stream/consumers';
import yazl from 'yazl';
import { type BundleFile, sorted } from './bundle-file.ts';

/**
 * A zip of these files. The same files make the same bytes, whatever the clock and the time zone say, with
 * one version of Node (whose zlib compresses). Scripts and programs get mode 0755, the rest 0644.
 */
export async function writeZip(files: readonly BundleFile[]): Promise<Buffer> {
  const zip = new yazl.ZipFile();
  for (const { path, bytes } of sorted(files)) {
    zip.addBuffer(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), path, {
      // The format has local times without a zone, and yazl converts to them; at noon no zone changed its
      // clock.
      mtime: new Date(1980, 6, 1, 12),
      forceDosTimestamp: true,
      mode: isProgram(path) ? 0o100755 : 0o100644,
    });
  }
  zip.end();
  return buffer(zip.outputStream);
}

/** Beanstalk runs hooks of Linux only when they are executable. */
const isProgram = (path: string) => /\.sh$|\/node$/.test(path);
