import { describe, expect, test } from 'vitest';
import { inConflict, readBindings } from '../../../../src/lab/windows/iis/host/bindings.ts';
import { readOperation } from '../../../../src/lab/windows/iis/text/path.ts';
import { spanSeconds, spanText } from '../../../../src/lab/windows/iis/text/values.ts';

test.each([
  ['29:00:00', '1.05:00:00'],
  ['24:00:00', '1.00:00:00'],
  ['1.05:00:00', '1.05:00:00'],
  ['0.00:00:00', '00:00:00'],
  ['00:00:00.1', '00:00:00.1000000'],
  ['99999:59:59', '4166.15:59:59'],
])('the time span %s is %s', (given, kept) => {
  expect(spanText(spanSeconds(given)!)).toBe(kept);
});

test.each(['', '5', '00:60:00', '00:00:60', '1:2', '-00:00:01', '00:00:00 '])('%j is no time span', text => {
  expect(spanSeconds(text)).toBeUndefined();
});

describe('bindings', () => {
  test.each([
    ['http://host', 'http', '*:80:host'],
    ['https://host/', 'https', '*:443:host'],
    ['HTTP://*:81', 'http', '*:81:'],
    ['http://10.0.0.1:80', 'http', '10.0.0.1:80:'],
    ['https://[fe80::1]:444', 'https', '[fe80::1]:444:'],
    ['http/*:80:host', 'http', '*:80:host'],
    ['net.pipe/*', 'net.pipe', '*'],
  ])('%s', (text, protocol, information) => {
    expect(readBindings(text)).toEqual([{ protocol, information }]);
  });

  test('only one site has an address; other protocols share theirs', () => {
    const [http, same, other, pipe] = ['http/*:80:Host', 'HTTP/*:80:host', 'http/*:80:', 'net.pipe/*'].map(
      text => readBindings(text)!,
    );
    expect(inConflict(http!, same!)).toBe(true);
    expect(inConflict(http!, other!)).toBe(false);
    expect(inConflict(pipe!, pipe!)).toBe(false);
  });
});

describe('operations', () => {
  test.each([
    ['a.b:c:d', { kind: 'set', steps: [{ name: 'a' }], attribute: 'b', value: 'c:d' }],
    ['x:', { kind: 'set', steps: [], attribute: 'x', value: '' }],
    [
      "[name='a:b].c',other=\"it's\"].e.f:v",
      {
        kind: 'set',
        steps: [
          {
            pairs: [
              ['name', 'a:b].c'],
              ['other', "it's"],
            ],
          },
          { name: 'e' },
        ],
        attribute: 'f',
        value: 'v',
      },
    ],
    [
      '+e.[@start, a=1 , b=]',
      {
        kind: 'add',
        steps: [
          { name: 'e' },
          {
            position: 'start',
            pairs: [
              ['a', '1 '],
              ['b', ''],
            ],
          },
        ],
      },
    ],
    ["-[k='v']", { kind: 'delete', steps: [{ pairs: [['k', 'v']] }] }],
  ])('%s', (text, expected) => {
    expect(readOperation(text)).toMatchObject(expected);
  });

  test.each(["[a='b'", '+a', '-a.b', "[a='b']", "[a='b'].", 'a.[b]:c', '+[a]', ']'])('%s is none', text => {
    expect(() => readOperation(text)).toThrow('Unknown attribute');
  });
});
