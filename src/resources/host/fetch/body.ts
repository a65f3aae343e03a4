import { createHash } from 'node:crypto';
import type { Opened } from '../../../content/content.ts';
import { type Diagnostic, Failure, world } from '../../../diagnostics/diagnostic.ts';
import type { WriteIo } from '../../../engine/model/io.ts';
import { bytes } from '../../../io/units.ts';

export interface BodyRules {
  /** Bytes. */
  limit: number;
  /** `sha256:…` that it must have. */
  digest?: string;
  /** For messages. */
  what: string;
  /** It comes from where nobody is sent to a login page. */
  mayBePage?: boolean;
  /** Permission bits of the file, what a new file has when left out. */
  mode?: number;
}

/** Bytes of a body that tell a page of HTML. */
const headBytes = 512;

/**
 * Writes a body to a new file, flushed, and returns its digest, `sha256:…`. Rejects with a Failure when it is
 * too large, cut off, not of the digest, or a page of HTML where something else is meant.
 */
export async function saveBody(
  opened: Opened,
  to: string,
  { limit, digest, what, mayBePage = false, mode }: BodyRules,
  io: WriteIo,
): Promise<{ digest: string; size: number }> {
  const tooLarge = () =>
    new Failure(
      world('content-too-large', `${what} has more than the ${bytes(limit)} that are allowed`, {
        hint: 'raise `max_size` if it is meant to be that large',
      }),
    );
  let file: Awaited<ReturnType<typeof io.files.open>>;
  try {
    if ((opened.size ?? 0) > limit) throw tooLarge();
    file = await io.files.open(to, 'create-new', mode === undefined ? {} : { mode: mode & 0o600 });
    const hash = createHash('sha256');
    let head = Buffer.alloc(0);
    let size = 0;
    for await (const chunk of opened.body) {
      if (head.length < headBytes) head = Buffer.concat([head, chunk.subarray(0, headBytes)]);
      if (size + chunk.length > limit) throw tooLarge();
      await file!.write(chunk, size);
      hash.update(chunk);
      size += chunk.length;
      io.progress({
        what: `reading ${what}`,
        done: size,
        ...(opened.size !== undefined && { total: opened.size }),
      });
    }
    const found = `sha256:${hash.digest('hex')}`;
    const isPage = opened.type === 'text/html' || looksLikeHtml(head);
    if (digest !== undefined && found !== digest) throw new Failure(wrongDigest(what, digest, found, isPage));
    if (digest === undefined && isPage && !mayBePage && !/\.x?html?$/i.test(what.replace(/\?…$/, '')))
      throw new Failure(page(what));
    if (mode !== undefined && io.platform !== 'win32') await file!.chmod(mode);
    await file!.sync();
    return { digest: found, size };
  } finally {
    opened.close();
    await file?.close();
  }
}

const looksLikeHtml = (head: Buffer): boolean => /^\uFEFF?\s*<(!doctype html|html)\b/i.test(head.toString());

const wrongDigest = (what: string, expected: string, found: string, isPage: boolean): Diagnostic =>
  world('wrong-checksum', `${what} has the checksum ${found}, and ${expected} is declared`, {
    hint: isPage
      ? 'it is a page of HTML, such as a login or an error page: check the URL in a browser'
      : 'check where it comes from before you declare the new checksum',
  });

const page = (what: string): Diagnostic =>
  world('html-instead', `${what} answered with a page of HTML, such as a login or an error page`, {
    hint: 'check the URL in a browser; if a page is meant, declare its `checksum:`',
  });

/** `sha256:…` of all of a body. */
export async function digestOfBody(body: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of body) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}
