/**
 * `//user:password@` in any URL, and `//token@` in those of the web. A key may hold a slash, which no port
 * does.
 */
const password = /(\/\/[^\s/:@'"]*:)([^\s'"]{1,500})(?=@)|(\bhttps?:\/\/)([^\s/:@'"?#]{1,500})(?=@)/gi;

/** What a hint says in the place of a user and a password. */
const placeholder = { user: '//USER:', secret: 'PASSWORD' };

/** The same text with stars for passwords and tokens in URLs; columns stay as they are. */
export const withoutPasswords = (text: string): string =>
  text.includes('//') && text.includes('@')
    ? text.replace(password, (whole, user: string | undefined, secret: string, web: string, token: string) =>
        user === placeholder.user && secret === placeholder.secret
          ? whole
          : (user ?? web) + '*'.repeat((secret ?? token).length),
      )
    : text;

/**
 * Whether a text is a URL that holds a password, or a user name for the web, where it is most often a token.
 */
export function holdsPassword(text: string): boolean {
  const [, scheme = '', user = ''] = /^\s*([a-z][a-z\d+.-]*):\/\/([^/?#\s]*)@/i.exec(text) ?? [];
  return user.includes(':') || (user !== '' && /^(https?|s3|ftps?)$/i.test(scheme));
}
