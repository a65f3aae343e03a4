import { fileURLToPath } from 'node:url';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { isS3Url, parseS3Url, type S3Url } from '../../values/s3-url.ts';

declare const canonical: unique symbol;

/**
 * The one spelling of a repository's URL, for telling whether two resources mean the same one: scheme in
 * lower case, no slash at the end; of a path on this machine also no doubled slashes and dots. Bucket and
 * path keep their case. Only `parseRepositoryUrl` makes one.
 */
export type CanonicalUrl = string & { readonly [canonical]: true };

/** Where a repository is: parsed once, where a property, an option or a file says it. Plain data. */
export type RepositoryUrl = Readonly<
  {
    canonical: CanonicalUrl;
    /** As somebody wrote it: for messages, and for writing it down again. */
    written: string;
  } & ({ kind: 's3'; place: S3Url } | { kind: 'file'; folder: FolderPath })
>;

/** The path that a `file:` URL names on each family of systems; left out where it names none. */
export type FolderPath = Readonly<{ posix?: string; windows?: string }>;

/** @throws Failure `repository-url` for a URL of another kind, and for one that stores disagree about */
export function parseRepositoryUrl(written: string): RepositoryUrl {
  if (isS3Url(written)) refuseAmbiguous(written);
  const place = parseS3Url(written);
  if (place) return { kind: 's3', written, canonical: place.canonical as string as CanonicalUrl, place };
  const text = written.trim();
  if (/^file:\/\//i.test(text))
    return { kind: 'file', written, canonical: canonicalPath(text) as CanonicalUrl, folder: foldersOf(text) };
  throw new Failure(
    given('repository-url', `${written} is not a repository URL`, {
      hint: 'write s3://BUCKET/PREFIX or file:///FOLDER',
    }),
  );
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

function foldersOf(url: string): FolderPath {
  const [posix, windows] = [false, true].map(windows => {
    try {
      return fileURLToPath(url, { windows });
    } catch {
      return undefined;
    }
  });
  return { ...(posix !== undefined && { posix }), ...(windows !== undefined && { windows }) };
}

/**
 * Stores don't agree on what a prefix with an empty part, `.` or `..` means: some collapse it, so that what
 * was written is not found again.
 */
function refuseAmbiguous(url: string): void {
  const rest = url.trim().replace(/^s3:\/\//i, '');
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
