import { expect, test } from 'vitest';
import type { Moved } from '../../src/app/operation/agent/move-duty.ts';
import { type Heard, Telling } from '../../src/app/operation/agent/telling.ts';
import { world } from '../../src/diagnostics/diagnostic.ts';

const base = { vm: 'dc02', address: 'protected_vm:dc02' };
const failed: Moved = { ...base, diagnostics: [world('vm-not-found', 'it is gone')] };

test('what lasts is told once, and once that it has passed', () => {
  const heard: number[] = [];
  const telling = new Telling(one => heard.push('held' in one ? one.held.length : -1));
  const held = [{ address: 'protected_vm:dc02', why: ['a longer rpo'] }];
  const say = (what: typeof held) => telling.once('held', what, { type: 'held', held: what });
  for (const what of [[], held, held, [], []]) say(what);
  expect(heard).toEqual([1, 0]);
});

test('every cycle that began is told to have ended, and what was told before is marked', () => {
  const heard: Heard[] = [];
  const telling = new Telling(one => heard.push(one));
  const moves: Moved[] = [failed, failed, { ...base, busy: true }, failed, { ...base, waits: true }];
  for (const moved of [...moves, { ...base, suspended: true } as Moved, failed])
    telling.moved('dc02', 'c', moved);
  const again = heard.map(one => one.type === 'moved' && one.again);
  expect(again).toEqual([false, true, false, true, false, false, false]);
});
