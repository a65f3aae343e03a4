import { expect, test } from 'vitest';
import { Redactor } from '../../src/engine/redact.ts';

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
