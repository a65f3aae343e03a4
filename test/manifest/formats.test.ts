import fc from 'fast-check';
import { expect, it } from 'vitest';
import { checkFormat } from '../../src/manifest/values/formats.ts';

it.each(['15m', '15 minutes', '1h30m', '1 hour 30 minutes', '2 days', '0s', ' 90 Sec '])(
  '%s is a duration',
  text => {
    expect(checkFormat('duration', text)).toBeUndefined();
  },
);

it.each(['', '15', 'm', '30m1h', '1h 1h', '1.5h', '-1h', '1 fortnight', 'every 15m'])('%s is none', text => {
  expect(checkFormat('duration', text)).toMatchObject({ expected: 'a duration such as 15m or 1h30m' });
});

it.each(['every 15 minutes', 'every hour', 'every 1h30m', '15m', 'Every Day'])('%s is a schedule', text => {
  expect(checkFormat('schedule', text)).toBeUndefined();
});

it.each(['every', 'every 0m', 'hourly', 'every every 1h'])('%s is none', text => {
  expect(checkFormat('schedule', text)).toMatchObject({ expected: 'a schedule such as every 15 minutes' });
});

it('formats of others are not ours', () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom('uri', 'constructor', ''), (text, format) => {
      expect(checkFormat(format, text)).toBeUndefined();
    }),
  );
});
