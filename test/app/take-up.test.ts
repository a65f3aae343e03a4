import { expect, test } from 'vitest';
import { takeUp } from '../../src/app/operation/agent/take-up.ts';
import type { Address, Catalog, CatalogResource } from '../../src/engine/model/catalog.ts';
import type { Registry } from '../../src/engine/model/resource-type.ts';
import { protectedVm } from '../../src/resources/vsphere/protected_vm.ts';

const address: Address = 'protected_vm:dc02';
const vm = (properties: object, meta: object = {}): CatalogResource =>
  ({
    ...{ address, type: 'protected_vm', title: 'dc02', meta: { labels: [], ...meta } },
    properties: { repository: 's3://dr/vms', schedule: 'every 15 minutes', ...properties },
  }) as unknown as CatalogResource;
const registry = { types: new Map([['protected_vm', protectedVm]]) } as unknown as Registry;
const held = (was: CatalogResource, is: CatalogResource) =>
  takeUp(new Map([[address, was]]), [], { resources: [is], targets: [] } as unknown as Catalog, registry)
    .held;

test('windows that are open less often let points become older, which an agent does not take up', () => {
  const sunday = { windows: [{ days: ['sun'], from: '02:00', to: '03:00' }] };
  const nightly = { windows: [{ from: '22:00', to: '06:00' }] };
  const why = [{ address, why: ['its newest point may become older than before'] }];
  expect(held(vm({}), vm(sunday))).toEqual(why);
  expect(held(vm(nightly), vm(sunday))).toEqual(why);
  expect(held(vm({}), vm({}, { window: sunday.windows[0] }))).toEqual(why);
  expect(held(vm(sunday), vm(nightly))).toEqual([]);
  // What it promises is the same, and what can't be kept is a mistake.
  expect(held(vm({ rpo: '20h' }), vm({ rpo: '20h', ...nightly }))).toEqual([]);
});
