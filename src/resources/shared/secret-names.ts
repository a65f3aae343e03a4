import { querySecret } from '../../diagnostics/url-passwords.ts';

/**
 * What proves that a text holds a secret: a name that is one of a secret and a value written next to it, or a
 * form that only secrets have. A name alone proves nothing (`tokens=3`, `PasswordNeverExpires`, `$password =
 * Read-Host`).
 */

/**
 * What may follow a secret's name and makes it the name of something else: `passwordFormat`, `SECRET_ARN`.
 */
const others = new Set(
  (
    'age algorithm arn attempts cache change changed complexity count days disabled enabled encoding endpoint env ' +
    'expiration expired expires expiry field file format header hint history id label last length lifetime limit ' +
    'location manager minutes mode name names param parameter path pattern policy prompt provider question regex ' +
    'region required reset retries seconds server service set size source store strength timeout title ttl type uri ' +
    'url user username validator variable version'
  ).split(' '),
);

/** `...pass` at the end of another word. */
const noPass = /(?:by|com|encom|over|sur|tres|under)pass$/;
const keyOf =
  'api|licen[cs]e|access|private|account|encryption|signing|shared|storage|secret|master|validation|decryption|' +
  'product|auth|subscription|activation|registration';
const wholeKey = new RegExp(`(?:${keyOf})key$`);
const beforeKey = new RegExp(`^(?:${keyOf})$`);

const wordsOf = (name: string): string[] =>
  name
    .slice(0, 200)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter(Boolean);

/** Whether what goes by this name is a secret. */
export function namesSecret(name: string): boolean {
  // Of a header; other names with that word say who may do something.
  if (/^(?:proxy-)?authorization$/i.test(name)) return true;
  const words = wordsOf(name);
  return words.some((word, at) => {
    const [, rest] = /(?:password|passwd|passphrase|pwd|secret|credential)s?(.*)$/.exec(word) ?? [];
    const isKey = word === 'key' && beforeKey.test(words[at - 1] ?? '');
    const isToken = word.endsWith('token') && !(words[at - 1] === 'key' && words[at - 2] === 'public');
    const isPass = word.endsWith('pass') && !noPass.test(word);
    if (rest === undefined && !isKey && !isToken && !isPass && !wholeKey.test(word)) return false;
    if (word.endsWith('publickeytoken')) return false;
    const last = [...(rest ? [rest] : []), ...words.slice(at + 1)].at(-1);
    return last === undefined || !others.has(last);
  });
}

/** What the header `Authorization` begins with, before its secret. */
const scheme = /^(?:basic|bearer|digest|negotiate|ntlm|token)(?:\s+|$)/i;

/** A value as it is written, and not a variable, an expression, a place to fill or a plain switch. */
function isLiteral(written: string): boolean {
  const text = written
    .replace(/^(['"])(.*)\1$/s, '$2')
    .trim()
    .replace(scheme, '');
  if (text === '' || /^(?:true|false|null|none|nil|yes|no|on|off|string|\d{1,2}|\*+)$/i.test(text))
    return false;
  return !/^(?:\$[A-Za-z_{(][^\s]*|%[\w()~%*]+%?|![\w]+!|\{\{.*|<[^<>]*>|[([@{].*|\|)$/s.test(text);
}

const value = String.raw`("[^"\n]*"|'[^'\n]*'|[^\s'"\],;][^\s,;]*)`;
/** Begins where a word does, so that a long word is looked at once. */
const name = String.raw`(?<![\w.-])([\w.-]+)`;
const expression = (source: string, flags = '') => new RegExp(source, `gid${flags}`);

/** A name (1) and its value (2). */
const named: RegExp[] = [
  // `token=x`, `"Password": "x"`, `/processModel.password:x`, `password= x`
  expression(String.raw`${name}["']?[^\S\n]{0,9}[:=](?!=)[^\S\n]{0,9}${value}`),
  // In a command line only blanks end a value: `/[name='P'].processModel.password:a,b`.
  expression(
    String.raw`(?<!\S)[/-]{1,2}(?:\[[^\]\n]{0,200}\]\.?)?(?:[\w-]{1,80}\.){0,9}([A-Za-z][\w-]*)[:=]("[^"\n]*"|'[^'\n]*'|\S+)`,
  ),
  // `--token x`
  expression(String.raw`(?<![^\s"'])[/-]{1,2}([A-Za-z][\w-]*)[^\S\n]{1,9}(?![/-])${value}`),
  // `setx DB_PASSWORD x`, `aws configure set aws_secret_access_key x`
  expression(
    String.raw`\b(?:setx|configure[^\S\n]{1,9}set)[^\S\n]{1,9}["']?([\w.-]+)["']?[^\S\n]{1,9}${value}`,
  ),
  // `reg add KEY /v ApiKey /d x`, `New-ItemProperty -Name ApiKey -Value x`
  expression(
    String.raw`[/-](?:v|name)[^\S\n]{1,9}["']?([\w.-]+)["']?[^\n]{0,200}?[^\S\n][/-](?:d|value)[^\S\n]{1,9}${value}`,
  ),
  // `<add key="ApiKey" value="x"/>`, `[name='ApiKey',value='x']`
  expression(
    String.raw`\b(?:key|name)[^\S\n]{0,9}=[^\S\n]{0,9}["']([^"'\n]{1,80})["'][\s,]{0,9}value[^\S\n]{0,9}=[^\S\n]{0,9}("[^"\n]*"|'[^'\n]*')`,
  ),
  expression(
    String.raw`SetEnvironmentVariable\([^\S\n]{0,9}["']([\w.-]+)["'][^\S\n]{0,9},[^\S\n]{0,9}${value}`,
  ),
  expression(String.raw`<([\w.:-]+)[^<>\n]{0,200}>([^<>\n]{1,500})</\1>`),
  // A block of YAML.
  expression(String.raw`${name}["']?:[^\S\n]{0,9}[|>][-+]?\n[^\S\n]{1,40}([^\n]+)`),
];

/** What is a secret whatever it is called (1). */
const forms: RegExp[] = [
  expression(
    String.raw`ConvertTo-SecureString[^\S\n]{1,9}(?:-String[^\S\n]{1,9})?("[^"\n]*"|'[^'\n]*'|[^\s'"$(-][^\s'"]*)`,
  ),
  expression(String.raw`[^\S\n]/rp(?:[^\S\n]{1,9}|[:=])("[^"\n]*"|[^\s"]+)`),
  // Programs whose `-p` is a password.
  expression(
    String.raw`\b(?:schtasks|psexec(?:64)?|sqlcmd|osql|bcp|mysql|certutil|wmic|plink|pscp)(?:\.exe)?\b[^\n]{0,400}?[^\S\n][/-]p[^\S\n]{0,9}("[^"\n]*"|[^\s":=/-][^\s"]*)`,
  ),
  // Windows' own, which take one for another machine: `/p x`, `-p:x`.
  expression(
    String.raw`\b(?:netsh|setx|tasklist|taskkill|systeminfo|takeown|gpresult|eventcreate|driverquery|openfiles|getmac|waitfor|winrs|winrm|signtool)(?:\.exe)?\b[^\n]{0,400}?[^\S\n][/-]p(?::|[^\S\n]{1,9})("[^"\n]*"|[^\s"/-][^\s"]*)`,
  ),
  expression(String.raw`[^\S\n]-pass(?:in|out)?[^\S\n]{1,9}pass:("[^"\n]*"|[^\s"]+)`),
  expression(
    String.raw`\brasdial(?:\.exe)?[^\S\n]{1,9}(?:"[^"\n]*"|[^\s"]+)[^\S\n]{1,9}[^\s"/]+[^\S\n]{1,9}("[^"\n]*"|[^\s"/*]\S*)`,
  ),
  // `curl --user name:x`, `https://name:x@host`
  expression(String.raw`[^\S\n](?:-u|--user|--proxy-user)[\s=][^\S\n]{0,9}["']?[^\s:"']{1,100}:([^\s"']+)`),
  expression(String.raw`\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/"']{1,100}:([^\s@/"']{1,200})(?=@)`),
  expression(
    String.raw`(?:authorization["']?[^\S\n]{0,9}[:=][^\S\n]{0,9}["']?\w{1,20}[^\S\n]{1,9}|\bbearer[^\S\n]{1,9})([^\s"']+)`,
  ),
  expression(
    String.raw`\bnet1?(?:\.exe)?[^\S\n]{1,9}user[^\S\n]{1,9}(?:"[^"\n]*"|[^\s/"]\S*)[^\S\n]{1,9}("[^"\n]*"|[^\s/*"]\S*)`,
  ),
  expression(
    String.raw`\bnet1?(?:\.exe)?[^\S\n]{1,9}use[^\S\n][^\n]{0,200}?\\\\\S+[^\S\n]{1,9}("[^"\n]*"|[^\s/*"&|<>]\S*)`,
  ),
  // net takes it behind the account as well.
  expression(
    String.raw`\bnet1?(?:\.exe)?[^\S\n]{1,9}use[^\S\n][^\n]{0,200}?\/u(?:ser)?:(?:"[^"\n]*"|[^\s"]+)[^\S\n]{1,9}(?!\\\\|[a-z]:)("[^"\n]*"|[^\s/*"&|<>]\S*)`,
  ),
  expression(querySecret),
  expression(
    String.raw`(-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----(?:[\s\S]*?-----END [A-Z ]{0,20}PRIVATE KEY-----|[\s\S]*))`,
  ),
  expression(String.raw`\b((?:AKIA|ASIA)[0-9A-Z]{16})\b`),
];

/** Offsets `[from, to)` of what is proven to be a secret, in order. */
function secretsIn(text: string): [from: number, to: number][] {
  const spans: [number, number][] = [];
  for (const form of named) {
    form.lastIndex = 0;
    for (let match = form.exec(text); match; match = form.exec(text)) {
      const [is, written] = [match[1]!, match[2]!];
      if (!namesSecret(is) || !isLiteral(written)) {
        // What follows the name may hold another one: `/tr "C:\\a.exe --token x"`.
        form.lastIndex = match.indices![1]![1];
        continue;
      }
      const before = text.slice(Math.max(0, match.indices![1]![0] - 12), match.indices![1]![0]);
      // `$password = Get-Secret` calls something, and `set /p PASSWORD=Say it` asks for it.
      const isVariable = /\$(?:\w+:)?$/.test(before);
      if ((isVariable && !/^['"]/.test(written)) || /\/p\s+"?$/i.test(before)) continue;
      spans.push(match.indices![2]!);
    }
  }
  for (const form of forms)
    for (const match of text.matchAll(form)) if (isLiteral(match[1]!)) spans.push(match.indices![1]!);
  return spans.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
}

/** Whether a text is proven to hold a secret. */
export const holdsSecret = (text: string): boolean => secretsIn(text).length > 0;

/** What is proven to be a secret, without its quotes. */
const valuesIn = (text: string): string[] =>
  secretsIn(text).map(([from, to]) => text.slice(from, to).replace(/^['"]+|['"]+$/g, ''));

/**
 * What is said about a text that may hold secrets, without those of either. What proves one in the text (the
 * program, the switch before it) may be missing where the value is said again.
 */
export function withoutSecretsOf(text: string, said: string): string {
  const known = valuesIn(text).sort((a, b) => b.length - a.length);
  // A short one may be a part of any other word.
  const long = known.filter(value => value.length > 3);
  const shown = long.reduce((left, value) => left.replaceAll(value, '***'), withoutSecrets(said));
  return shown
    .split(/(\s+)/)
    .map(word => (known.includes(word) ? '***' : word))
    .join('');
}

/** A text with its proven secrets taken out, for messages. */
function withoutSecrets(text: string): string {
  let shown = '';
  let end = 0;
  for (const [from, to] of secretsIn(text)) {
    if (from >= end) shown += `${text.slice(end, from)}***`;
    end = Math.max(end, to);
  }
  return shown + text.slice(end);
}
