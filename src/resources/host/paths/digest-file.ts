import { digestOf } from '../../../io/content.ts';
import type { ReadFiles } from '../../../io/ports.ts';

/** `sha256:…` of a file's content in pieces of constant size; undefined when it isn't there. */
export async function digestOfFile(files: ReadFiles, path: string): Promise<string | undefined> {
  const file = await files.open(path, 'r');
  return file && `sha256:${await digestOf(file)}`;
}
