import { expect, test } from 'vitest';
import { plainProgress } from '../../../src/cli/progress/plain.ts';
import type { Line } from '../../../src/diagnostics/lines.ts';

test('what a run does is one line for each thing', () => {
  const written: Line[] = [];
  const listener = plainProgress(lines => written.push(...lines));
  listener({ type: 'started', address: 'exec:x', action: 'update' });
  listener({ type: 'finished', address: 'exec:x', result: 'changed', note: 'it ran', took: 0 });
  expect(written).toEqual(['exec:x: update ...', 'exec:x: changed, it ran (0.0 s)']);
});
