import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inMemory, Unreadable } from '../../../src/recovery/readiness/bytes/disk-bytes.ts';
import { readGuestReport } from '../../../src/recovery/readiness/guest-report.ts';

const read = (value: unknown) => readGuestReport(inMemory(Buffer.from(JSON.stringify(value))));
const at = '2026-11-28T06:00:00Z';

test('what is known and said as it should be is taken, on one line and no longer than it is shown', async () => {
  const facts = {
    dhcp: { ok: true, what: 'first\n  second\u001b[2J' },
    ena: { ok: false, what: 'x'.repeat(1000) },
    kms: { ok: true },
    time: { ok: 'yes', what: 'not a boolean' },
    account: null,
    invented: { ok: true, what: 'nobody asked' },
  };
  expect(await read({ version: 1, at, facts })).toEqual({
    at: Date.parse(at),
    facts: {
      dhcp: { ok: true, what: 'first second [2J' },
      ena: { ok: false, what: 'x'.repeat(300) },
      kms: { ok: true, what: '' },
    },
  });
});

test.each([
  [{ version: 2, at, facts: {} }, 'it is not of version 1'],
  [null, 'it is not of version 1'],
  [[], 'it is not of version 1'],
  [{ version: 1, at: 'yesterday', facts: {} }, 'it has no time of its own'],
  [{ version: 1, at, facts: {}, more: 'x'.repeat(70_000) }, /it has \d+ bytes/],
])('%#: is refused', async (value, message) => {
  await expect(read(value)).rejects.toThrow(message);
});

test('whatever is in the file, it is a report or unreadable', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.json(), fc.string()), async text => {
      const found = await readGuestReport(inMemory(Buffer.from(text))).catch(error => error);
      expect(found).toBeInstanceOf(Unreadable);
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async facts => {
      expect(Object.keys((await read({ version: 1, at, facts })).facts)).toEqual([]);
    }),
  );
});
