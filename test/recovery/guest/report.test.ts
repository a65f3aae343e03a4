import fc from 'fast-check';
import { expect, test } from 'vitest';
import { orderIn, orderText } from '../../../src/recovery/guest/order.ts';
import { type GuestReport, reportIn, reportLine } from '../../../src/recovery/guest/report.ts';
import { sha256 } from '../../../src/values/digest.ts';

const nonce = 'a'.repeat(32);
const digest = sha256('manifests');
const report: GuestReport = { state: 'converged', digest, changes: 3, failures: [] };
const line = reportLine(nonce, report);

test('what was written is what is read, whatever is around it', () => {
  const text = fc.string({ unit: 'binary', maxLength: 300 });
  const reports = fc.record({
    state: fc.constantFrom('begun', 'converged', 'planned', 'failed', 'other-manifests'),
    digest: fc.constantFrom('', digest),
    changes: fc.nat(1000),
    failures: fc.array(text, { maxLength: 8 }),
  }) as fc.Arbitrary<GuestReport>;
  fc.assert(
    fc.property(reports, fc.string({ maxLength: 200 }), (said, noise) => {
      const written = reportLine(nonce, said);
      expect(written).toMatch(/^[\x20-\x7e]*$/);
      const read = reportIn(`${noise}\r\n${written}\r\n${noise}`, nonce);
      expect(read).toMatchObject({ state: said.state, digest: said.digest, changes: said.changes });
      expect(read!.failures).toHaveLength(Math.min(5, said.failures.length));
      expect(read!.failures.join('')).not.toMatch(/[\p{Cc}]/u);
    }),
  );
});

test.for<[what: string, console: string, found: boolean]>([
  ['nothing', '', false],
  ['the line in the middle of a boot', `[    1.2] usb 1-1\r\n${line}\r\nlogin: `, true],
  ['what systemd writes before it on the same line', `[  OK  ] Started x.\r${line}`, true],
  [
    'a kernel line that was written into it',
    line.replace('"changes"', '[   12.3] eth0: up\r\n"changes"'),
    false,
  ],
  ['the same without a new line', line.replace('converged', 'conv[   12.3] eth0: uperged'), false],
  ['another number of changes', line.replace('"changes":3', '"changes":4'), false],
  ['the end alone, when the console had more than it keeps', line.slice(30), false],
  ['a cut end', line.slice(0, -1), false],
  ['the nonce of another run', reportLine('b'.repeat(32), report), false],
  ['a megabyte of it', 'converge:post-launch '.repeat(50_000), false],
  ['one line of a megabyte that has it', `${line} ${'x'.repeat(1e6)}`, false],
  ['codes that move the cursor', `\u001b[2J\u001b[1;1H${line}`, true],
])('%s', ([, console, found]) => {
  expect(reportIn(console, nonce)).toEqual(found ? report : undefined);
});

test('the last that is whole counts, and one that was written over does not hide the one before', () => {
  const begun = reportLine(nonce, { ...report, state: 'begun' });
  expect(reportIn(`${begun}\n${line}\n`, nonce)?.state).toBe('converged');
  expect(reportIn(`${begun}\n${line.slice(0, 90)}[ 1.0] x\n`, nonce)?.state).toBe('begun');
});

/** A line with a right sum, whatever it says: the guest can make one. */
const forged = (value: unknown) => {
  const json = JSON.stringify(value);
  return `converge:post-launch ${nonce} ${sha256(`${nonce} ${json}`).slice(0, 16)} ${json}`;
};

test.for<[string, unknown]>([
  ['an unknown state', { ...report, state: 'passed' }],
  ['a digest that is not one', { ...report, digest: '../../etc' }],
  ['a negative count', { ...report, changes: -1 }],
  ['a huge count', { ...report, changes: 1e300 }],
  ['failures without end', { ...report, failures: Array(1000).fill('x') }],
  ['one failure of a novel', { ...report, failures: ['x'.repeat(5000)] }],
  ['a failure that is an object', { ...report, failures: [{}] }],
  ['a list', [report]],
  ['null', null],
])('a right sum over %s is not a report', ([, value]) => {
  expect(reportIn(forged(value), nonce)).toBeUndefined();
});

test('escape sequences of a guest reach nobody’s terminal', () => {
  const said = reportIn(forged({ ...report, state: 'failed', failures: ['\u001b]0;owned\u0007'] }), nonce);
  expect(said?.failures[0]).not.toMatch(/[\p{Cc}]/u);
});

test('an order is one tag, and anything else is not an order', () => {
  const order = { mode: 'apply' as const, digest, nonce };
  expect(orderText(order)).toMatch(/^[\w:]{1,256}$/);
  expect(orderIn(`${orderText(order)}\n`)).toEqual(order);
  for (const text of ['', 'apply', `apply:${digest}`, `rm:${digest}:${nonce}`, `${orderText(order)}:x`])
    expect(orderIn(text)).toBeUndefined();
});
