import type { Context } from '../app-context.ts';
import { writeNewSecret } from '../secret-file.ts';

/** A new key of a repository: its text, or its id when it was written to a new file. */
export async function createRepositoryKey(
  { io: { host } }: Context,
  file: string | undefined,
): Promise<{ id: string; text: string }> {
  const { createKey } = await import('../../replication/format/keys.ts');
  const made = createKey(host.random);
  if (file) await writeNewSecret(host, file, `${made.text}\n`);
  return made;
}
