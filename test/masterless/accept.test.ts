import { describe, expect, test } from 'vitest';
import { refusal, remember, type Seen } from '../../src/masterless/content/accept.ts';
import type { Statement } from '../../src/masterless/trust/envelope.ts';
import { now, statementOf } from './support.ts';

const asking = { environment: 'taupe', now, version: '1.2.3' };
const day = (n: number) => `2025-12-${String(n).padStart(2, '0')}T00:00:00Z`;
const at = (sequence: number, issued: string, more: Partial<Statement> = {}) =>
  statementOf(Buffer.from('x'), { sequence, issued, ...more });
const code = (statement: Statement, seen?: Seen, signature = 'new', more = {}) =>
  refusal(statement, signature, { ...asking, ...more, seen })?.code;

describe('a statement is refused', () => {
  test.each([
    ['for another environment', { environment: 'mauve' }, 'signed-for-another'],
    ['for an object that nothing reads', { name: '../taupe.yaml' }, 'signed-for-another'],
    ['after it expired', { expires: '2025-12-31T23:59:59Z' }, 'signature-expired'],
    ['before it was issued', { issued: '2026-01-01T00:06:00Z' }, 'signature-from-the-future'],
    ['by an older converge', { minimum_version: '1.2.4' }, 'wrong-version'],
    ['by a much older converge', { minimum_version: '1.10' }, 'wrong-version'],
    ['for no version that can be compared', { minimum_version: 'newest' }, 'wrong-version'],
  ])('%s', (_, more, expected) => {
    expect(code(at(7, day(31), more))).toBe(expected);
  });

  test('not for a signer whose clock is a little ahead, nor by the very version it asks for', () => {
    expect(code(at(7, '2026-01-01T00:04:00Z', { minimum_version: '1.2.3' }))).toBeUndefined();
  });
});

describe('the sequence', () => {
  const first = at(7, day(20));
  const seen = remember(first, 'first');

  test('the same signature is taken again, a higher one replaces it', () => {
    expect(code(first, seen, 'first')).toBeUndefined();
    expect(code(at(8, day(21)), seen)).toBeUndefined();
  });

  test('a lower or equal one is a replay', () => {
    expect(code(at(6, day(21)), seen)).toBe('older-sequence');
    expect(code(at(7, day(21)), seen)).toBe('older-sequence');
  });

  test('a signed rollback may be lower, once: what it replaced can not come back', () => {
    const back = at(5, day(22), { replaces_up_to: 7 });
    expect(code(back, seen)).toBeUndefined();
    const after = remember(back, 'back', seen);
    expect(after.highest).toBe(7);
    expect(code(first, after, 'first')).toBe('older-sequence');
    expect(code(back, after, 'back')).toBeUndefined();
  });

  test('an old rollback neither undoes what came later nor plays against another', () => {
    const back = at(5, day(22), { replaces_up_to: 7 });
    expect(code(back, remember(at(8, day(23)), 'eight', seen))).toBe('older-sequence');
    const second = at(4, day(24), { replaces_up_to: 7 });
    const after = remember(second, 'second', remember(back, 'back', seen));
    expect(code(back, after, 'back')).toBe('older-sequence');
  });

  test('what a rollback replaced can not come to an instance that began after it', () => {
    const back = at(5, day(22), { replaces_up_to: 7 });
    const after = remember(back, 'back');
    expect(code(first, after, 'first')).toBe('older-sequence');
    expect(code(at(8, day(23)), after)).toBeUndefined();
  });

  test('content that was signed earlier, and comes later, makes no old rollback young', () => {
    const after = remember(at(8, day(21)), 'eight', remember(at(5, day(25), { replaces_up_to: 7 }), 'back'));
    expect(code(at(4, day(24), { replaces_up_to: 9 }), after)).toBe('older-sequence');
  });
});
