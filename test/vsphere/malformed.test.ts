import fc from 'fast-check';
import { expect, it } from 'vitest';
import { safeInteger } from '../../src/vsphere/http/malformed.ts';

const read = (text: string | undefined) => safeInteger(text, 'QueryChangedDiskAreas', 'length');

it('reads every offset that a number holds exactly', () => {
  fc.assert(fc.property(fc.maxSafeNat(), n => void expect(read(String(n))).toBe(n)));
});

it('refuses every larger one, which would be rounded', () => {
  const beyond = fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n });
  fc.assert(fc.property(beyond, n => void expect(() => read(String(n))).toThrow(/below 2\^53/)));
});

it('refuses every negative one', () => {
  fc.assert(
    fc.property(
      fc.maxSafeNat(),
      n => void expect(() => read(String(-n - 1))).toThrow(/negative|below 2\^53/),
    ),
  );
});

it.each([undefined, '', ' ', '1.5', '1e3', '0x10', 'NaN', '12 34', '1n', 'Infinity', '--1'])(
  'refuses %j',
  text => {
    expect(() => read(text)).toThrow(/QueryChangedDiskAreas.*length/);
  },
);

it('takes the forms of xsd:long', () => {
  expect([read(' 7\n'), read('+7'), read('007'), read('-0')]).toEqual([7, 7, 7, 0]);
});
