/**
 * The one spelling of a repository's URL, for telling whether two resources mean the same one: scheme in
 * lower case, no slashes at the end or doubled. Bucket and path keep their case. What is no URL of a
 * known kind comes back as it is; opening it says what is wrong.
 */
export function canonicalRepositoryUrl(url: string): string {
  const [, scheme, rest] = /^(s3|file):\/\/(.*)$/i.exec(url.trim()) ?? [];
  if (scheme === undefined || rest === undefined) return url;
  return `${scheme.toLowerCase()}://${rest.replace(/\/{2,}/g, '/').replace(/\/+$/, '')}`;
}

/** The bucket that an `s3://` URL names; undefined for any other. */
export const bucketOf = (url: string): string | undefined => /^s3:\/\/([^/]+)/i.exec(url.trim())?.[1];
