import { expect, test } from 'vitest';
import { plainProgress } from '../../../src/cli/progress/finished-lines.ts';
import { world } from '../../../src/diagnostics/diagnostic.ts';
import type { Line } from '../../../src/diagnostics/lines.ts';

function progress() {
  const written: Line[] = [];
  const clock = { now: 0 };
  return {
    written,
    clock,
    ...plainProgress(
      lines => written.push(...lines),
      () => clock.now,
    ),
  };
}

test('what a run does is one line for each thing', () => {
  const { written, listener } = progress();
  listener({ type: 'started', address: 'exec:x', action: 'update' });
  listener({ type: 'finished', address: 'exec:x', result: 'changed', note: 'it ran', took: 0 });
  expect(written).toEqual(['exec:x: update ...', 'exec:x: changed, it ran (0.0 s)']);
});

test('what takes long is told with its share, its rate and the time that is left', () => {
  const { written, clock, listener } = progress();
  const total = 10 * 2 ** 30;
  for (let tenth = 0; tenth <= 3; tenth++) {
    clock.now = tenth * 10_000;
    const told = { what: 'reading disk 0', done: (tenth * total) / 10, total };
    listener({ type: 'progress', address: 'protected_vm:a', progress: told });
  }
  expect(written).toEqual([
    'protected_vm:a: reading disk 0 10 %, 1.0 GiB of 10.0 GiB, 102.4 MiB/s, 1 min 30 s left',
    'protected_vm:a: reading disk 0 20 %, 2.0 GiB of 10.0 GiB, 102.4 MiB/s, 1 min 20 s left',
    'protected_vm:a: reading disk 0 30 %, 3.0 GiB of 10.0 GiB, 102.4 MiB/s, 1 min 10 s left',
  ]);
});

test('one cause is said once, however many resources it stops', () => {
  const { written, listener } = progress();
  const diagnostic = world('vsphere-unreachable', 'https://vc does not answer');
  for (const address of ['protected_vm:a', 'protected_vm:b'])
    listener({ type: 'finished', address, result: 'failed', diagnostic, took: 0 });
  expect(written).toEqual([
    'protected_vm:a: FAILED, https://vc does not answer (0.0 s)',
    'protected_vm:b: FAILED, for the same cause as protected_vm:a (0.0 s)',
  ]);
});
