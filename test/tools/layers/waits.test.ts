import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readTexts } from '../../../tools/layers/sources.ts';
import { checkWaits } from '../../../tools/layers/waits.ts';

const wrong = (code: string, file = 'resources/aws/bucket.ts', allowed = {}) =>
  checkWaits(new Map([[file, code]]), allowed);

test.each([
  'for (;;) await clock.sleep(1000, signal);',
  'const { sleep } = io.clock;',
  "await io.clock['now'](), io.clock?.sleep(5);",
  "import { setTimeout } from 'node:timers/promises';",
  'setTimeout(() => again(), 1000);',
  'const timer = setInterval(look, 1000);',
])('%s is seen', code => {
  expect(wrong(code)[0]).toMatch(/^src\/resources\/aws\/bucket\.ts:1:\d+: waits by hand; use retry or until/);
});

test.each(['// clock.sleep(5)', "const text = 'sleep';", 'socket.setTimeout(5); asleep(5);'])(
  '%s is not waiting',
  code => {
    expect(wrong(code)).toEqual([]);
  },
);

test('io may wait, and so may a file that the list names', () => {
  const code = 'await clock.sleep(5);';
  expect(wrong(code, 'io/retry.ts')).toEqual([]);
  expect(wrong(code, 'lab/clock.ts', { 'lab/clock.ts': 'the clock' })).toEqual([]);
});

test('a name on the list that no longer waits is to go', () => {
  expect(wrong('', 'lab/clock.ts', { 'lab/clock.ts': 'the clock' })).toEqual([
    'tools/layers/waits.ts: lab/clock.ts waits for nothing',
  ]);
});

test('the source itself waits nowhere else', async () => {
  expect(checkWaits(await readTexts(join(import.meta.dirname, '../../../src')))).toEqual([]);
});

test('a signal of several that lasts as long as its sources is refused', () => {
  expect(wrong('const both = AbortSignal.any([a, b]);', 'a.ts')).toEqual([
    'src/a.ts: AbortSignal.any keeps all that listens to it; use eitherOf of src/io/either.ts',
  ]);
});
