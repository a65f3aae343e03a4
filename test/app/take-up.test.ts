import { expect, test } from 'vitest';
import { takeUp } from '../../src/app/operation/declared/take-up.ts';
import type { Json } from '../../src/engine/model/catalog.ts';
import { registry } from '../../src/resources/registry.ts';
import { catalogOf, declare } from '../support/engine-world.ts';

const before: Record<string, Json> = {
  ...{ repository: 's3://dr/vms', schedule: 'every 15 minutes', quiesce: 'prefer' },
  ...{ retention: { all: '24h', daily: '30d' } },
};

test.each<[string, Record<string, Json>, Record<string, Json>, RegExp[]]>([
  [
    'a shorter retention beside a stricter quiesce',
    { retention: { all: '24h', daily: '7d' }, quiesce: 'require' },
    { quiesce: 'require' },
    [/retention\.daily/],
  ],
  [
    'a rule less beside a shorter schedule',
    { retention: { all: '24h' }, schedule: 'every 5 minutes' },
    { schedule: 'every 5 minutes' },
    [/`retention` was/],
  ],
  [
    'a longer schedule, with all that says how old a point may become, beside an exclusion that ends',
    {
      schedule: 'every 4 hours',
      rpo: '9h',
      timezone: 'Europe/Dublin',
      retention: { all: '48h', daily: '30d' },
    },
    { retention: { all: '48h', daily: '30d' } },
    [/`schedule` was/],
  ],
  [
    'another repository beside a longer retention',
    { repository: 's3://other/vms', retention: { all: '48h', daily: '30d' } },
    { retention: { all: '48h', daily: '30d' } },
    [/`repository` was/],
  ],
  ['what protects more', { quiesce: 'require' }, { quiesce: 'require' }, []],
])('an agent holds on to no more than what protects more: %s', (_, now, taken, why) => {
  const was = declare('protected_vm:dc02', before);
  const is = declare('protected_vm:dc02', { ...before, ...now });
  const { catalog, held } = takeUp(new Map([[was.address, was]]), [], catalogOf([is]), registry);
  expect(catalog.resources.map(({ properties }) => properties)).toEqual([{ ...before, ...taken }]);
  expect(held.flatMap(one => one.why)).toEqual(why.map(one => expect.stringMatching(one)));
});

test.each<[string, ReturnType<typeof declare>[]]>([
  ['is gone', []],
  ['is to be absent', [declare('protected_vm:dc02', before, { ensure: 'absent' })]],
])('a VM that %s goes on as it was', (_, resources) => {
  const was = declare('protected_vm:dc02', before);
  const { catalog, held } = takeUp(new Map([[was.address, was]]), [], catalogOf(resources), registry);
  expect(catalog.resources).toEqual([was]);
  expect(held).toHaveLength(1);
});

const vm = (properties: Record<string, Json>, meta = {}) =>
  declare(
    'protected_vm:dc02',
    { repository: 's3://dr/vms', schedule: 'every 15 minutes', ...properties },
    meta,
  );
const heldOf = (was: ReturnType<typeof vm>, is: ReturnType<typeof vm>) =>
  takeUp(new Map([[was.address, was]]), [], catalogOf([is]), registry).held;

test('windows that are open less often let points become older, which an agent does not take up', () => {
  const sunday = { windows: [{ days: ['sun'], from: '02:00', to: '03:00' }] };
  const nightly = { windows: [{ from: '22:00', to: '06:00' }] };
  const why = [{ address: 'protected_vm:dc02', why: ['its newest point may become older than before'] }];
  expect(heldOf(vm({}), vm(sunday))).toEqual(why);
  expect(heldOf(vm(nightly), vm(sunday))).toEqual(why);
  expect(heldOf(vm({}), vm({}, { window: sunday.windows[0] }))).toEqual(why);
  expect(heldOf(vm(sunday), vm(nightly))).toEqual([]);
  // What it promises is the same, and what can't be kept is a mistake.
  expect(heldOf(vm({ rpo: '20h' }), vm({ rpo: '20h', ...nightly }))).toEqual([]);
});
