import { Failure, given } from '../../diagnostics/diagnostic.ts';

/**
 * The one spelling of a repository's URL, for telling whether two resources mean the same one: scheme in
 * lower case, no slash at the end; of a path on this machine also no doubled slashes and dots. Bucket and
 * path keep their case. What is no URL of a known kind comes back as it is; opening it says what is wrong.
 */
export function canonicalRepositoryUrl(url: string): string {
  const [, scheme, rest] = /^(s3|file):\/\/(.*)$/i.exec(url.trim()) ?? [];
  if (scheme === undefined || rest === undefined) return url;
  if (scheme.toLowerCase() === 's3') return `s3://${rest.replace(/\/+$/, '')}`;
  return canonicalPath(url.trim());
}

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

/** The bucket that an `s3://` URL names; undefined for any other. */
export const bucketOf = (url: string): string | undefined => /^s3:\/\/([^/]+)/i.exec(url.trim())?.[1];
