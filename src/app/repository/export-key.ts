import { printedKey, readKey } from '../../replication/format/keys.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions, RepositoryOptions } from '../options.ts';
import { writeNewSecret } from '../secret-file.ts';
import type { Kit } from './recovery-kit.ts';
import { withRepositoryOpen } from './with-repository.ts';

export interface ExportKeyOptions extends RepositoryOptions, CommonOptions {
  key: string;
  /** File that is to be made; HTML where its name ends so, else text. Left out: the text is given back. */
  to?: string;
}

/**
 * A recovery kit of a key, in a new file or as text. Where a repository is named, the key is proven to open
 * it. Undefined when the manifests have mistakes, which were told.
 */
export async function exportKey(
  context: Context,
  options: ExportKeyOptions,
): Promise<{ id: string; text?: string } | undefined> {
  const { kitHtml, kitText } = await import('./recovery-kit.ts');
  const { host } = context.io;
  const key = await readKey(options.key, host);
  const isNamed = options.repository !== undefined || (options.paths ?? []).length > 0;
  const repository = isNamed
    ? await withRepositoryOpen(context, options, undefined, async ({ repository: { id, store }, place }) => ({
        id,
        url: store.url,
        ...place,
      }))
    : undefined;
  if (isNamed && !repository) return undefined;
  const kit: Kit = {
    key: printedKey(key),
    id: key.id,
    ...(repository && { repository }),
    at: host.clock.now(),
  };
  if (options.to === undefined) return { id: key.id, text: kitText(kit) };
  const isHtml = /\.html?$/i.test(options.to);
  await writeNewSecret(host, options.to, isHtml ? kitHtml(kit) : kitText(kit));
  return { id: key.id };
}
