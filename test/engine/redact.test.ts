import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { own } from '../../src/diagnostics/own-words.ts';
import { Redactor } from '../../src/engine/model/redact.ts';

const secret = 'pa"ss w/ö\\rd+1';
const knowing = (...secrets: string[]) => {
  const redactor = new Redactor();
  for (const one of secrets) redactor.add(one);
  return redactor;
};

test.each([
  ['raw', secret],
  ['JSON', JSON.stringify({ password: secret })],
  ['URL', `https://x/?p=${encodeURIComponent(secret)}`],
  ['ASCII JSON', `{"p":"pa\\"ss w/\\u00f6\\\\rd+1"}`],
  ['ASCII JSON of .NET', `{"p":"pa\\u0022ss w/\\u00F6\\\\rd\\u002B1"}`],
  ['base64', Buffer.from(secret).toString('base64')],
  ['base64url', Buffer.from(secret).toString('base64url')],
  ['JSON in JSON', JSON.stringify(JSON.stringify(secret))],
  ['form', new URLSearchParams({ p: secret }).toString()],
  ['lower-case URL', encodeURIComponent(secret).replace(/%../g, code => code.toLowerCase())],
])('a secret is taken out in its %s form', (_, text) => {
  const clean = knowing(secret).text(`before ${text} after`);
  expect(clean).toMatch(/^before .*\*\*\*.* after$/);
  expect(clean).not.toContain(text);
});

test('everywhere in a value, and of several the longest first', () => {
  const redactor = knowing('abcd', 'abcdefgh');
  expect(redactor.value({ a: ['xabcdefghx', { b: 'abcd' }], n: 1, u: undefined })).toEqual({
    a: ['x***x', { b: '***' }],
    n: 1,
    u: undefined,
  });
});

test('the lines of a secret of several lines', () => {
  const redactor = knowing('first-line\nsecond-line\nlast\n');
  expect(redactor.text('said: second-line, last')).toBe('said: ***, ***');
});

test('a very short secret does not blank out ordinary text', () => {
  const redactor = knowing('a1', '');
  expect(redactor.text('a1')).toBe('***');
  expect(redactor.text('data1')).toBe('data1');
});

test.each(['', 'u', 'us', 'use'])('inside the base64 of something longer, after %j', before => {
  const long = 'a-secret-of-some-length';
  const encoded = Buffer.from(`${before}${long}:tail`).toString('base64');
  const clean = knowing(long).text(`Basic ${encoded}`);
  // What is left shares at most a character or two with the secret on each side.
  expect(clean.length).toBeLessThan('Basic ***'.length + encoded.length - (long.length * 4) / 3 + 6);
});

test.each([64, 76])('in base64 wrapped at %i', length => {
  const key = Array.from({ length: 40 }, (_, n) => `part ${n} of a key`).join();
  const lines =
    Buffer.from(key)
      .toString('base64')
      .match(new RegExp(`.{1,${length}}`, 'g')) ?? [];
  expect(knowing(key).text(lines.join('\n'))).toBe('***');
});

/** How the programs that converge runs, and what they talk to, write a text. Each gives back all of it. */
const forms: Record<string, (text: string) => string> = {
  'XML text': text => text.replace(/[&<>]/g, one => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[one]!),
  'an XML attribute': text => text.replace(/[&<>"'\n]/g, one => `&#${one.charCodeAt(0)};`),
  'XML in hex': text => text.replace(/[^a-z]/gu, one => `&#x${one.codePointAt(0)!.toString(16)};`),
  'HTML in XML': text =>
    text.replaceAll('&', '&amp;amp;').replaceAll('<', '&amp;lt;').replaceAll("'", '&amp;#39;'),
  CLIXML: text =>
    text.replace(
      /[^ -~]|["<>&]/g,
      one => `_x${one.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`,
    ),
  JSON: text => JSON.stringify(text),
  'JSON with \\/': text => JSON.stringify(text).replaceAll('/', '\\/'),
  'ASCII JSON': text => ascii(JSON.stringify(text), /[^ -~]/g),
  'ASCII JSON in capitals': text => ascii(JSON.stringify(text), /[^ -~]|[<>&'+`]/g, one => one.toUpperCase()),
  'JSON of escapes alone': text => ascii(text, /./gs),
  'JSON in JSON': text => JSON.stringify(JSON.stringify(text)),
  'XML in JSON': text => JSON.stringify(text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')),
  encodeURI: text => encodeURI(text),
  encodeURIComponent: text => encodeURIComponent(text),
  'a URL in lower case': text => encodeURIComponent(text).replace(/%../g, one => one.toLowerCase()),
  'a URL of escapes alone': text => Buffer.from(text).toString('hex').replace(/../g, '%$&'),
  'a form': text => new URLSearchParams({ p: text }).toString(),
  'a URL in a URL': text => encodeURIComponent(encodeURIComponent(text)),
  hex: text => Buffer.from(text).toString('hex'),
  'hex in capitals': text => Buffer.from(text).toString('hex').toUpperCase(),
  'hex with colons': text =>
    Buffer.from(text)
      .toString('hex')
      .replace(/..(?=.)/g, '$&:'),
  'a .reg file': text =>
    Buffer.from(text, 'utf16le')
      .toString('hex')
      .replace(/..(?=.)/g, '$&,')
      .replace(/.{30},/g, '$&\\\r\n  '),
  'UTF-16': text => Buffer.from(text, 'utf16le').toString('latin1'),
  'UTF-16 from the other end': text => Buffer.from(text, 'utf16le').swap16().toString('latin1'),
  base64: text => Buffer.from(text).toString('base64'),
  base64url: text => Buffer.from(text).toString('base64url'),
  'base64 in lines': text => Buffer.from(text).toString('base64').replace(/.{5}/g, '$&\n'),
  '-EncodedCommand': text => Buffer.from(`x ${text} y`, 'utf16le').toString('base64'),
  'POSIX single quotes': text => `'${text.replaceAll("'", `'\\''`)}'`,
  'POSIX single quotes, as Python does': text => `'${text.replaceAll("'", `'"'"'`)}'`,
  'POSIX double quotes': text => `"${text.replace(/[$`"\\]/g, '\\$&')}"`,
  '%q': text => text.replace(/[^\w,.+:@/\u0080-\uffff-]/g, '\\$&'),
  "%q with $''": text =>
    `$'${[...Buffer.from(text)].map(byte => (byte < 32 || byte > 126 ? `\\${byte.toString(8).padStart(3, '0')}` : String.fromCharCode(byte).replace(/['\\]/g, '\\$&'))).join('')}'`,
  'PowerShell single quotes': text => `'${text.replaceAll("'", "''")}'`,
  'PowerShell double quotes': text => `"${text.replace(/[`"$]/g, '`$&')}"`,
  'a Windows argument': text => `"${text.replace(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, '$&$&')}"`,
  'cmd with carets': text => text.replace(/[&|<>()^"!%]/g, '^$&'),
  'an argument in cmd': text =>
    `"${text.replace(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, '$&$&')}"`.replace(/[&|<>()^"!%]/g, '^$&'),
  'a batch file': text => text.replaceAll('%', '%%'),
  'doubled quotes': text => `"${text.replaceAll('"', '""')}"`,
};

const ascii = (text: string, pattern: RegExp, digits = (hex: string) => hex) =>
  text.replace(pattern, one => `\\u${digits(one.charCodeAt(0).toString(16).padStart(4, '0'))}`);

/** With all that somebody's quoting could stumble over; one line, as passwords are. */
const secrets = fc
  .array(
    fc.oneof(
      fc.constantFrom(...'"\'\\/`$%^&|<>()!{}[]#;:,.~*?=+-_@ '),
      fc.constantFrom(...'abcXYZ019'),
      fc.constantFrom('\u00f6', '\u20ac', '\u{1f511}'),
    ),
    { minLength: 4, maxLength: 24 },
  )
  .map(parts => parts.join(''));

describe('whatever the secret', () => {
  test.each(Object.keys(forms))('it is found as %s', name => {
    fc.assert(
      fc.property(secrets, secret => {
        const written = forms[name]!(secret);
        const clean = knowing(secret).text(`\u27e6${written}\u27e7`);
        expect(clean).toContain('***');
        // Quotes, a name, words around it, and what base64 shares with its neighbours.
        const left = clean.replace(/[\u27e6\u27e7]|\*\*\*/g, '').length;
        expect(left, `${secret} as ${written} is ${clean}`).toBeLessThanOrEqual(around[name] ?? 8);
      }),
      { numRuns: 200 },
    );
  });

  const around: Record<string, number> = { '-EncodedCommand': 16 };

  test.each([0, 1, 2, 3, 4, 5])('it is found in the base64 of something longer, after %i bytes', before => {
    fc.assert(
      fc.property(secrets, secret => {
        const whole = Buffer.concat([Buffer.alloc(before, 'u'), Buffer.from(secret), Buffer.from(':tail')]);
        const clean = knowing(secret).text(`Basic ${whole.toString('base64')}`);
        expect(clean).toContain('***');
        const left = Buffer.from(clean.replace('Basic ', '').replaceAll('***', ''), 'base64');
        expect(left.length).toBeLessThanOrEqual(before + ':tail'.length + 3);
      }),
    );
  });
});

test('what two secrets share is not left of either', () => {
  expect(knowing('abcdef', 'defghi').text('x abcdefghi x')).toBe('x *** x');
});

/** Steps, not time: how often a text is read must not follow from how many secrets there are. */
test('a thousand secrets with one beginning, in a long text that is full of it', () => {
  const known = Array.from(
    { length: 1000 },
    (_, n) => `token-${String(n).padStart(4, '0')}-${'x'.repeat(n % 30)}`,
  );
  const redactor = knowing(...known);
  // Words of our own are looked for around every one of them.
  own`the sentence stands nowhere in it`;
  const line = `token-abcd ${known[77]} "token-\\u0041" `;
  const clean = redactor.text(line.repeat(20_000));
  expect(clean).toBe(`token-abcd *** "token-\\u0041" `.repeat(20_000));
});

test.each(['wrong', 'password', 'user name', 'refused', 'name or pass'])(
  'our own words stay, of a secret %s',
  word => {
    const redactor = knowing(word);
    const said = own`vc.example.com refused user '${'svc'}': user name or password is wrong.`;
    expect(redactor.text(said)).toBe(said);
    expect(redactor.text(redactor.text(`${said} twice: ${said}`))).toBe(`${said} twice: ${said}`);
  },
);

test.each(['wrong', 'password', 'user name or password is wrong.', "': user name or password is wrong."])(
  'what is put into them, and what is beside them, does not: %s',
  word => {
    const redactor = knowing(word);
    const said = own`${word} refused user '${word}': user name or password is wrong.`;
    expect(redactor.text(said)).toMatch(/^\*\*\* refused user '?(?:\*\*\*)/);
    expect(redactor.text(`it said ${word}`)).toBe('it said ***');
    expect(redactor.text(word)).toBe('***');
  },
);

test('a short or single word is not a sentence of ours', () => {
  const redactor = knowing('incorrect');
  own`incorrect`;
  own`is wrong`;
  expect(redactor.text('incorrect')).toBe('***');
  expect(redactor.text('xincorrect')).toBe('x***');
});
