import { expect, test } from 'vitest';
import { textOf } from '../../../src/diagnostics/lines.ts';
import type { Recorded } from '../../../src/engine/record/recording.ts';
import { renderObserved } from '../../../src/engine/render/render-observed.ts';
import { world } from '../../support/made-up.ts';

const common = { id: 'x', declared: '' };
const resources: Recorded[] = [
  { ...common, address: 'bucket:dr', state: 'present', value: { versioning: true, rules: ['a', 'b'] } },
  { ...common, address: 'file:/srv/日本', state: 'absent' },
  { ...common, address: 'exec:later', state: 'unknown', waitsFor: 'path:/opt' },
  {
    ...common,
    address: 'protected_vm:dc02',
    state: 'failed',
    diagnostic: world('x', 'vc did\nnot answer'),
  },
];

test('a line per resource, what is there with its properties, and the sums', () => {
  expect(textOf(renderObserved({ resources }, 80))).toBe(
    `bucket:dr          present
    versioning  true
    rules       ["a","b"]
file:/srv/日本     absent
exec:later         not visible before path:/opt is there
protected_vm:dc02  NOT OBSERVED, vc did not answer
Observed: 1 present, 1 absent, 1 not visible yet, 1 not observed.
`,
  );
});

test('nothing declared', () => {
  expect(textOf(renderObserved({ resources: [] }, 80))).toBe('Observed: nothing is declared.\n');
});
