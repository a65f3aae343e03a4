/**
 * `//user:password@` in any URL, and `//token@` in those of the web. A key may hold a slash, which no port
 * does.
 */
const password = /(\/\/[^\s/:@'"]*:)([^\s'"]{1,500})(?=@)|(\bhttps?:\/\/)([^\s/:@'"?#]{1,500})(?=@)/gi;

/**
 * The secret (1) of a query: what signs a URL of a store (S3, its old form, Azure, Google), and tokens of
 * forges. Not `token` alone, which is the page's own in the link that is told to be opened.
 */
export const querySecret = String.raw`[?&](?:(?:x-amz-|x-goog-)?signature|sig|x-amz-security-token|(?:private|access|auth|oauth|job|refresh|session)[-_]token|api[-_]?key|client[-_]secret)=([^\s&#'"\x60<>{}$*…]+)`;
const inQuery = new RegExp(querySecret, 'gi');

/** What a hint says in the place of a user and a password. */
const placeholder = { user: '//USER:', secret: 'PASSWORD' };

/** The same text with stars for passwords and tokens in URLs; columns stay as they are. */
export const withoutPasswords = (text: string): string =>
  text.includes('//') ? withoutUsers(withoutQueries(text)) : text;

const withoutQueries = (text: string): string =>
  text.includes('?')
    ? text.replace(
        inQuery,
        (whole, secret: string) => whole.slice(0, -secret.length) + '*'.repeat(secret.length),
      )
    : text;

const withoutUsers = (text: string): string =>
  text.includes('@')
    ? text.replace(password, (whole, user: string | undefined, secret: string, web: string, token: string) =>
        user === placeholder.user && secret === placeholder.secret
          ? whole
          : (user ?? web) + '*'.repeat((secret ?? token).length),
      )
    : text;

/**
 * Whether a text is a URL that holds a password, a user name for the web, where it is most often a token, or
 * a secret in its query.
 */
export function holdsPassword(text: string): boolean {
  const [, scheme = '', user = ''] = /^\s*([a-z][a-z\d+.-]*):\/\/([^/?#\s]*)@/i.exec(text) ?? [];
  return (
    user.includes(':') ||
    (user !== '' && /^(https?|s3|ftps?)$/i.test(scheme)) ||
    (/^\s*[a-z][a-z\d+.-]*:\/\//i.test(text) && new RegExp(querySecret, 'i').test(text))
  );
}
