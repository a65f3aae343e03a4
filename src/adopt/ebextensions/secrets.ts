import { secretWord as name } from '../../resources/shared/list-declarations.ts';

export { namesSecret } from '../../resources/shared/list-declarations.ts';

/** Characters of a name around the word: without a bound a long line of such words takes minutes. */
const some = String.raw`\w{0,40}`;
const value = String.raw`("[^"]*"|'[^']*'|[^\s'"]+)`;
const pattern = (source: string) => new RegExp(source, 'gi');

/** What to keep of a line, and behind it the secret. */
const secretAfter: RegExp[] = [
  pattern(String.raw`(ConvertTo-SecureString\s{1,9}(?:-String\s{1,9})?)${value}`),
  // `token=x`, `Password: x`
  pattern(String.raw`([/\-.]?${some}${name}${some}\s{0,9}[:=]\s{0,9})("[^"]*"|'[^']*'|[^\s'"\],;]+)`),
  // `--token x`
  pattern(String.raw`([/-]${some}${name}${some}\s{1,9})${value}`),
  // `setx DB_PASSWORD x`
  pattern(
    String.raw`(\b(?:setx|configure\s{1,9}set)\s{1,9}["']?[\w.]{0,40}${name}${some}["']?\s{1,9})${value}`,
  ),
  pattern(String.raw`(\s[/-](?:rp|p|pw)(?:\s{1,9}|[:=]))("[^"]*"|\S+)`),
  // `curl --user name:x`, `https://name:x@host`
  pattern(String.raw`(\s(?:-u|--user|--proxy-user)[\s=]\s{0,9}["']?[^\s:"']{1,100}:)([^\s"']+)`),
  pattern(String.raw`(\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/"']{1,100}:)([^\s@/"']{1,200}(?=@))`),
  pattern(String.raw`(authorization\s{0,9}[:=]\s{0,9}\w{1,20}\s{1,9}|\bbearer\s{1,9})([^\s"']+)`),
  pattern(String.raw`(\bnet1?(?:\.exe)?\s{1,9}user\s{1,9}\S{1,100}\s{1,9})([^\s/]\S*)`),
];

/** A line with what looks like a secret taken out, for messages. */
export const withoutSecrets = (line: string): string =>
  secretAfter
    .reduce((text, secret) => text.replace(secret, '$1***'), line)
    .replace(pattern(`(name='[^']{0,80}${name}[^']{0,80}',\\s{0,9}value=)'[^']*'`), "$1'***'");

const inFiles: RegExp[] = [
  new RegExp(
    String.raw`(?:^|[{,;\s])["']?[\w.-]{0,80}${name}${some}["']?[^\S\n]{0,9}[:=]\s{0,9}(?=\S)`,
    'im',
  ),
  new RegExp(String.raw`(?:^|\s)[/-]{1,2}[\w-]{0,40}${name}${some}\s{1,9}[^\s/-]`, 'i'),
  new RegExp(
    String.raw`\b(?:key|name)\s{0,9}=\s{0,9}["'][^"'\n]{0,80}${name}[^"'\n]{0,80}["']\s{1,9}value\s{0,9}=\s{0,9}["'][^"']`,
    'i',
  ),
  /-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----/,
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/,
  /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/"']{1,100}:[^\s@/"'$%]{1,200}@/i,
];

/** Whether a text gives something with a secret's name a value (`token: x`, `--token x`), or holds a key. */
export const holdsSecret = (text: string): boolean => inFiles.some(one => one.test(text));
