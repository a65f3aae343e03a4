import { expect, test } from 'vitest';
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
  expect(knowing(key).text(lines.join('\n'))).toBe(lines.map(() => '***').join('\n'));
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
  'what is put into them, and what stands beside them, does not: %s',
  word => {
    const redactor = knowing(word);
    const said = own`${word} refused user '${word}': user name or password is wrong.`;
    expect(redactor.text(said)).toMatch(/^\*\*\* refused user '(?:\*\*\*)/);
    expect(redactor.text(`it said ${word}`)).toBe('it said ***');
    expect(redactor.text(word)).toBe('***');
  },
);

test('a short or single word is no sentence of ours', () => {
  const redactor = knowing('incorrect');
  own`incorrect`;
  own`is wrong`;
  expect(redactor.text('incorrect')).toBe('***');
  expect(redactor.text('xincorrect')).toBe('x***');
});
