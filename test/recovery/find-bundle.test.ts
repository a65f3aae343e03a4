import { expect, test } from 'vitest';
import { Failure } from '../../src/diagnostics/diagnostic.ts';
import { type Bundle, encodeBundle } from '../../src/recovery/bundle/bundle.ts';
import { findBundle } from '../../src/recovery/bundle/find-bundle.ts';
import { SERIES } from '../../src/recovery/model/plan.ts';
import type { BundleContent } from '../../src/replication/model/point-writer.ts';
import { memoryStore } from '../support/memory-store.ts';
import { commitImage, openTest } from '../support/repository.ts';

const at = { file: 'dr.yaml', line: 1, column: 1 };
const resource = (type: string, title: string, properties: Bundle['resources'][number]['properties']) => ({
  type,
  title,
  properties,
  at,
  places: {},
});

/** A bundle of plans by name, each with its machines; `subnet` is where it differs. */
const bundle = (plans: Record<string, string[]>, subnet = 'subnet-1'): Buffer =>
  encodeBundle({
    bundle: 1,
    vm: { name: '', uuid: '' },
    targets: [],
    resources: Object.entries(plans).map(([title, targets]) =>
      resource('recovery_plan', title, { groups: [{ targets }], test: { subnet } }),
    ),
    references: [],
  });

/** A repository with points of VMs, by name: when they were made, and what was stored beside them. */
async function repository(points: [name: string, time: number, bundle?: BundleContent][]) {
  const store = memoryStore();
  const opened = await openTest(store);
  for (const [name, time, content] of points)
    await commitImage(opened.vm(`uuid-${name}`), Buffer.alloc(65_536, 1), {
      ...(content !== undefined && { bundle: content }),
      point: { vm: { name, uuid: `uuid-${name}` }, time },
    });
  const told: string[] = [];
  const find = (plan: string, which = 'latest') =>
    findBundle(opened, plan, which, ({ message }) => told.push(message));
  const applied = (number: number, value: object) => opened.records.add('web', SERIES.plan, number, value);
  return { store, find, told, applied };
}

/** The same of a plan that was applied. */
const version = (at: number, subnet: string) => ({
  ...{ at, groups: [], test: {} },
  bundle: JSON.parse(bundle(both, subnet).toString()) as object,
});

const both = { web: ['web01', 'db01'] };

test('of several machines the newest bundle with the plan counts, and others that differ are named', async () => {
  const { find } = await repository([
    ['web01', 3000, bundle(both, 'subnet-2')],
    ['db01', 2000, bundle(both)],
    ['old01', 4000, bundle({ other: ['old01'] })],
  ]);
  expect(await find('WEB')).toMatchObject({
    point: { vm: { name: 'web01' }, time: 3000 },
    remarks: ['the bundles of db01 say something else of the plan; the newest is used'],
  });
});

test('bundles that say the same of the plan are no matter, whatever else they hold', async () => {
  const { find } = await repository([
    ['web01', 3000, bundle(both)],
    ['db01', 2000, bundle({ ...both, other: ['db01'] })],
  ]);
  expect((await find('web')).remarks).toEqual([]);
});

test('a machine of the plan without a bundle, or with one that lacks the plan, is told', async () => {
  const { find } = await repository([
    ['web01', 3000, bundle({ web: ['web01', 'db01', 'app01'] })],
    ['db01', 0],
    ['app01', 4000, bundle({ other: ['app01'] })],
  ]);
  expect((await find('web')).remarks).toEqual([
    "the newest bundle of app01 doesn't hold the plan",
    'the point of db01 of 1970-01-01T00:00:00.000Z has no bundle: the run that made it knew of none, or is of an older version',
  ]);
});

test('of a moment in the past only the points until then count', async () => {
  const { find } = await repository([
    ['web01', 1000, bundle(both)],
    ['web01', 3000, bundle(both, 'subnet-2')],
  ]);
  expect((await find('web', '1970-01-01T00:00:02Z')).point?.time).toBe(1000);
  expect((await find('web')).point?.time).toBe(3000);
});

test('a bundle that is damaged or of no use is passed over and told', async () => {
  const { store, find, told } = await repository([
    ['web01', 1000, bundle(both)],
    ['web01', 2000, bundle(both, 'subnet-2')],
    ['web01', 3000, Buffer.from('{"bundle":7}')],
  ]);
  const [, second] = [...store.objects.keys()].filter(key => key.includes('/bundles/'));
  const object = store.objects.get(second!)!;
  store.objects.set(second!, { ...object, bytes: object.bytes.subarray(1) });
  const { point, remarks } = await find('web');
  expect(told.some(message => message.includes('of version 7'))).toBe(true);
  expect(told.some(message => message.includes(second!))).toBe(true);
  expect(point?.time).toBe(1000);
  expect(remarks[0]).toMatch(/what it names can't be read; the one before it that has one is of 1970/);
});

test('a plan in no bundle names the plans that there are', async () => {
  const { find } = await repository([
    ['web01', 1000, bundle({ web: ['web01'], mail: ['web01'] })],
    ['db01', 2000, bundle({ web: ['db01'] })],
  ]);
  const failure = await find('weib').catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Failure);
  expect((failure as Failure).diagnostics).toMatchObject([
    { code: 'plan-not-bundled', message: expect.stringMatching(/called weib; there are mail, web$/) },
  ]);
});

test('what was applied last counts, older and newer than the points; what a later point says otherwise is told', async () => {
  const { find, applied } = await repository([
    ['web01', 1000, bundle(both, 'subnet-old')],
    ['db01', 5000, bundle(both, 'subnet-never-applied')],
  ]);
  await applied(1, version(500, 'subnet-first'));
  await applied(2, version(3000, 'subnet-now'));
  const found = await find('WEB');
  expect(found).toMatchObject({ applied: 3000 });
  expect(found.point).toBeUndefined();
  expect(JSON.stringify(found.bundle)).toContain('subnet-now');
  expect(found.remarks).toEqual([
    'the manifests that the point of db01 of 1970-01-01T00:00:05.000Z was made with say something else of the plan; they were not applied',
  ]);
  // Of a moment in the past too: what is there to recover into is there now.
  expect(JSON.stringify((await find('web', '1970-01-01T00:00:02Z')).bundle)).toContain('subnet-now');
});

test('a plan that was removed is told, and the last version before is there to end what it began', async () => {
  const { find, applied } = await repository([['web01', 1000, bundle({ other: ['web01'] })]]);
  await applied(1, version(500, 'subnet-1'));
  await applied(2, { removed: true, at: 2000 });
  expect(await find('web')).toMatchObject({ removed: 2000, applied: 500 });
  await applied(3, version(3000, 'subnet-3'));
  expect((await find('web')).removed).toBeUndefined();
});

test('where the version that was applied last can not be used, that is said and no older version taken', async () => {
  const { find, applied, store, told } = await repository([['web01', 1000, bundle(both, 'subnet-point')]]);
  await applied(1, version(500, 'subnet-1'));
  await applied(2, { groups: [], test: {} });
  const said = async () => ({ ...(await find('web')), bundle: undefined });
  expect(await said()).toMatchObject({
    point: { time: 1000 },
    remarks: ['version 2 of the plan, which was applied last, holds only the plan itself'],
  });
  await applied(3, { ...version(3000, 'subnet-3'), bundle: { bundle: 7 } });
  expect((await said()).remarks).toEqual(["version 3 of the plan, which was applied last, can't be used"]);
  const key = [...store.objects.keys()].filter(name => name.startsWith('recovery/')).at(-1)!;
  const object = store.objects.get(key)!;
  store.objects.set(key, { ...object, bytes: object.bytes.subarray(1) });
  expect((await said()).remarks).toEqual(["version 3 of the plan, which was applied last, can't be read"]);
  expect(told).toHaveLength(2);
});
