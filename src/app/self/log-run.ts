import { dirname } from 'node:path';
import { Failure } from '../../diagnostics/diagnostic.ts';
import type { FileHandle, Files } from '../../io/ports.ts';

/** Bytes from which a log is put aside, as `converge.log.1`. */
const largest = 4 * 2 ** 20;

export interface RunLog {
  append(text: string): void;
  /** Why there is no log, or not all of it. */
  trouble(): string | undefined;
  close(): Promise<void>;
}

/** Opens a log at its end. One that can't be written doesn't hold back the run. */
export async function logRun(files: Files, path: string): Promise<RunLog> {
  let trouble: string | undefined;
  const troubled = (error: unknown) => {
    if (!(error instanceof Failure)) throw error;
    trouble ??= error.message;
  };
  const file = await openEnd(files, path).catch(troubled);
  let writing: Promise<void> = Promise.resolve();
  let at = file?.size ?? 0;
  const append = (text: string) => {
    if (!file) return;
    const bytes = Buffer.from(text);
    const offset = at;
    at += bytes.length;
    writing = writing.then(() => file.handle.write(bytes, offset)).catch(troubled);
  };
  return {
    append,
    trouble: () => trouble,
    async close() {
      await writing;
      await file?.handle.close().catch(troubled);
    },
  };
}

async function openEnd(files: Files, path: string): Promise<{ handle: FileHandle; size: number }> {
  await files.mkdir(dirname(path), { recursive: true, mode: 0o755 });
  if (((await files.stat(path))?.size ?? 0) > largest) await files.rename(path, `${path}.1`);
  const handle = (await files.open(path, 'r+')) ?? (await files.open(path, 'create-new'))!;
  return { handle, size: (await handle.stat()).size };
}
