import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { parseS3Prefix, type S3Prefix } from '../../values/s3-url.ts';

/** Where a repository is, parsed once; `url` is its one spelling. */
export type RepositoryUrl = ({ kind: 's3' } & S3Prefix) | { kind: 'file'; url: string };

/** Undefined for a URL of another kind. */
export function parseRepositoryUrl(text: string): RepositoryUrl | undefined {
  const s3 = parseS3Prefix(text);
  if (s3) return { kind: 's3', ...s3 };
  return /^file:\/\//i.test(text.trim()) ? { kind: 'file', url: canonicalPath(text.trim()) } : undefined;
}

/**
 * The one spelling of a repository's URL, for telling whether two resources mean the same one: scheme in
 * lower case, no slash at the end; of a path on this machine also no doubled slashes and dots. Bucket and
 * path keep their case. What isn't a URL of a known kind comes back as it is; opening it says what is wrong.
 */
export const canonicalRepositoryUrl = (url: string): string => parseRepositoryUrl(url)?.url ?? url;

function canonicalPath(url: string): string {
  try {
    const { host, pathname } = new URL(url);
    return `file://${host}${decodeURI(pathname)
      .replace(/\/{2,}/g, '/')
      .replace(/\/+$/, '')}`;
  } catch {
    return url;
  }
}

/**
 * Stores don't agree on what a prefix with an empty part, `.` or `..` means: some collapse it, so that what
 * was written is not found again.
 *
 * @throws Failure `repository-url`
 */
export function refuseAmbiguousUrl(url: string): void {
  const [, rest] = /^s3:\/\/(.*)$/i.exec(url.trim()) ?? [];
  if (rest === undefined) return;
  const parts = rest.replace(/\/$/, '').split('/');
  const unclear = parts.find(part => ['', '.', '..'].includes(part));
  if (unclear === undefined) return;
  const what = unclear === '' ? 'an empty part between its slashes' : `the part \`${unclear}\``;
  throw new Failure(
    given('repository-url', `${url} has ${what}, which some stores keep and others drop`, {
      hint: `write s3://${parts.filter(part => !['', '.', '..'].includes(part)).join('/')} if that is what you mean`,
    }),
  );
}
