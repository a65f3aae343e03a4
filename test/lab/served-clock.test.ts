import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { servedClock } from '../../src/lab/served-clock.ts';
import { SteppedClock } from '../support/stepped-clock.ts';

test('who goes on sees how the clock of a served lab is set, and keeps what it knows while nobody can say', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'served-clock-'));
  const machine = new SteppedClock(0);
  const clock = servedClock(dir, machine, { clockOffset: 1_000 });
  const seen: number[] = [];
  const later = async (text?: string) => {
    if (text !== undefined) await writeFile(join(dir, 'lab.json'), text);
    await machine.advance(1_000);
    seen.push(clock.now() - machine.now());
  };
  await later();
  await later(JSON.stringify({ clockOffset: 60_000 }));
  await later('{ "clockOff');
  await later(JSON.stringify({ clockOffset: 0 }));
  expect(seen).toEqual([1_000, 60_000, 60_000, 0]);
});
