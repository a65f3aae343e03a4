import { Failure, given } from '../diagnostics/diagnostic.ts';

/**
 * The URL with a slash at its end. Throws a Failure (given) for what is not an S3 URL, and for prefixes with
 * characters that mean something to cmd.exe, PowerShell or a shell: the URL becomes part of scripts.
 */
export function selfUrl(text: string): string {
  const url = text.endsWith('/') ? text : `${text}/`;
  if (/^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/([A-Za-z0-9][A-Za-z0-9._-]*\/)*$/.test(url)) return url;
  throw new Failure(
    given('bad-self-url', `--self ${text} is not a URL that instances can be given`, {
      hint: 'write s3://BUCKET/ or s3://BUCKET/PREFIX/, with letters, digits, dots, hyphens and underscores',
    }),
  );
}
