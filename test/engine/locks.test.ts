import { expect, test } from 'vitest';
import { blocked, Failure } from '../../src/diagnostics/diagnostic.ts';
import { apply } from '../../src/engine/apply/apply.ts';
import { HostLock } from '../../src/engine/apply/host-lock.ts';
import type { CatalogResource } from '../../src/engine/model/catalog.ts';
import type { Guarded, Locks } from '../../src/engine/model/locks.ts';
import { plan } from '../../src/engine/plan/planner.ts';
import { catalogOf, declare, testRun, testWorld, things } from '../support/engine-world.ts';

const nameOf = (guarded: Guarded) => (guarded === 'host' ? 'host' : `${guarded.type}:${guarded.id}`);

/** Locks of a machine on which others hold `busy`; `log` says what was taken and given back, in order. */
function locksOf({ busy = [], awaited = [] }: { busy?: string[]; awaited?: string[] } = {}) {
  const log: string[] = [];
  const locks: Locks & { busy: string[] } = {
    busy,
    async take(guarded) {
      const name = nameOf(guarded);
      if (busy.includes(name)) throw new Failure(blocked('locked', `another run has ${name}`));
      log.push(`take ${name}`);
      return { waited: awaited.includes(name), release: async () => void log.push(`release ${name}`) };
    },
  };
  return { log, locks };
}

/** Things of this host, and copies that live elsewhere. */
function setUp(locks: Locks) {
  const here = things();
  const elsewhere = things({
    name: 'copy',
    runs: { on: 'remote', target: 'aws' },
    realm: { name: 'copies', concurrency: 4 },
    provides: (_, id) => [`copy:${id}`],
  });
  for (const { type } of [here, elsewhere])
    type.needs = ({ inside }) =>
      inside === undefined ? [] : [{ anyOf: [`copy:${inside}`, `thing:${inside}`] }];
  const run = testRun([here.type, elsewhere.type], testWorld({ locks }));
  const converge = async (...resources: CatalogResource[]) => {
    const host = new HostLock(locks, run.signal);
    await host.hold();
    const planned = await plan(catalogOf(resources), run, { engine: '1.0.0' });
    const report = await apply(planned, run, { host });
    const results = Object.fromEntries(report.results.map(({ address, result }) => [address, result]));
    return { report, results };
  };
  return { here, elsewhere, run, converge };
}

test('the host is held from before it is looked at until it is proved', async () => {
  const { log, locks } = locksOf();
  const { here, converge } = setUp(locks);
  here.log = log;
  await converge(declare('thing:a'), declare('thing:b', { inside: 'a' }));
  expect(log).toEqual([
    'take host',
    'observe a,b',
    'create a',
    'observe b',
    'create b',
    'observe a,b',
    'release host',
  ]);
});

test('while only a copy goes on the host is free for others, and is looked at anew when it is needed again', async () => {
  const { log, locks } = locksOf();
  const { here, elsewhere, converge } = setUp(locks);
  here.objects.set('late', { size: 1 });
  elsewhere.onApply = async () => {
    // The copy takes its time, and another run changes the host meanwhile.
    await new Promise(resolve => setImmediate(resolve));
    log.push('copying');
    here.objects.set('late', { size: 2 });
    return undefined;
  };
  const { results } = await converge(
    declare('thing:first'),
    declare('copy:vm'),
    declare('thing:late', { size: 2, inside: 'vm' }),
  );
  expect(log).toEqual([
    'take host',
    'take copy:vm',
    'release host',
    'copying',
    'release copy:vm',
    'take host',
    'release host',
  ]);
  expect(here.log).not.toContain('update late');
  expect(results['thing:late']).toBe('unchanged');
});

test('a run that waits for the host goes on elsewhere meanwhile', async () => {
  const { locks } = locksOf();
  const { elsewhere, converge } = setUp(locks);
  const copied = Promise.withResolvers<void>();
  elsewhere.onApply = async id => {
    if (id === 'second') copied.resolve();
    await new Promise(resolve => setImmediate(resolve));
    return undefined;
  };
  const take = locks.take;
  let taken = 0;
  locks.take = async (guarded, signal) => {
    // The second time another run has the host, and has it until the copy is made.
    if (guarded === 'host' && ++taken === 2) await copied.promise;
    return take(guarded, signal);
  };
  const { results } = await converge(
    declare('copy:first'),
    declare('copy:second', { inside: 'first' }),
    declare('thing:late', { inside: 'first' }),
  );
  expect(taken).toBeGreaterThan(1);
  expect(Object.values(results)).toEqual(['changed', 'changed', 'changed']);
});

test('what was given back is looked at anew, though nothing that it waited for has changed', async () => {
  const { log, locks } = locksOf();
  const { here, elsewhere, converge } = setUp(locks);
  here.objects.set('late', { size: 1 });
  const take = locks.take;
  locks.take = async (guarded, signal) => {
    const taken = await take(guarded, signal);
    if (guarded === 'host') return taken;
    // Somebody else makes the copy, and another run of this host does what was planned here.
    await new Promise(resolve => setImmediate(resolve));
    elsewhere.objects.set('vm', { size: 1 });
    here.objects.set('late', { size: 2 });
    return taken;
  };
  const { results } = await converge(
    declare('copy:vm', { size: 1 }),
    declare('thing:late', { size: 2, inside: 'vm' }),
  );
  const around = ['take host', 'release host'];
  expect(log.filter(line => line.endsWith('host'))).toEqual([...around, ...around]);
  expect(results).toEqual({ 'copy:vm': 'unchanged', 'thing:late': 'unchanged' });
  expect(here.log).not.toContain('update late');
});

test('what another run changes elsewhere is blocked, and holds up nothing else', async () => {
  const { locks } = locksOf({ busy: ['copy:vm1'] });
  const { here, elsewhere, converge } = setUp(locks);
  const { results, report } = await converge(
    declare('copy:vm1'),
    declare('copy:vm2'),
    declare('thing:a'),
    declare('thing:of1', { inside: 'vm1' }),
  );
  expect(results).toEqual({
    'copy:vm1': 'blocked',
    'copy:vm2': 'changed',
    'thing:a': 'changed',
    'thing:of1': 'skipped',
  });
  expect([...elsewhere.objects.keys(), ...here.objects.keys()]).toEqual(['vm2', 'a']);
  expect(report.results.find(({ result }) => result === 'blocked')?.diagnostic).toMatchObject({
    code: 'locked',
    category: 'blocked',
    address: 'copy:vm1',
  });
});

test('what had to wait for another run does not do again what that one did', async () => {
  const { locks } = locksOf({ awaited: ['copy:vm'] });
  const { elsewhere, converge } = setUp(locks);
  const take = locks.take;
  locks.take = async (guarded, signal) => {
    if (guarded !== 'host') elsewhere.objects.set('vm', { size: 1 });
    return take(guarded, signal);
  };
  const { results } = await converge(declare('copy:vm', { size: 1 }));
  expect(results).toEqual({ 'copy:vm': 'unchanged' });
  expect(elsewhere.log).not.toContain('create vm');
});

test('a run that had to wait changes what differs still', async () => {
  const { locks } = locksOf({ awaited: ['copy:vm'] });
  const { elsewhere, converge } = setUp(locks);
  elsewhere.objects.set('vm', { size: 1 });
  elsewhere.type.diff = (is, should) =>
    (is as { size: number }).size === (should as { size: number }).size ? [] : [{ path: '/size', after: 2 }];
  const { results } = await converge(declare('copy:vm', { size: 2 }));
  expect(results).toEqual({ 'copy:vm': 'changed' });
});

test('nor does what is changed under a lease, whatever the plan said', async () => {
  const { locks } = locksOf({ awaited: ['copy:done', 'copy:due'] });
  const { elsewhere, converge } = setUp(locks);
  elsewhere.type.leased = true;
  elsewhere.objects.set('due', { size: 1 });
  const take = locks.take;
  locks.take = async (guarded, signal) => {
    if (guarded !== 'host') elsewhere.objects.set(guarded.id, { size: guarded.id === 'done' ? 2 : 7 });
    return take(guarded, signal);
  };
  const { results } = await converge(declare('copy:done', { size: 2 }), declare('copy:due', { size: 2 }));
  expect(results).toEqual({ 'copy:done': 'unchanged', 'copy:due': 'changed' });
  expect(elsewhere.log.filter(line => !line.startsWith('observe'))).toEqual(['update due']);
});

test('an object is locked under the target it is on', async () => {
  const { locks } = locksOf();
  const { converge } = setUp(locks);
  const taken: Guarded[] = [];
  const take = locks.take;
  locks.take = async (guarded, signal) => {
    taken.push(guarded);
    return take(guarded, signal);
  };
  await converge(declare('copy:vm'));
  expect(taken).toEqual(['host', { target: 'aws', type: 'copy', id: 'vm' }]);
});

test('a host that another run took meanwhile is neither changed nor said to be proved', async () => {
  const { locks } = locksOf();
  const { here, elsewhere, converge } = setUp(locks);
  elsewhere.onApply = async () => {
    await new Promise(resolve => setImmediate(resolve));
    locks.busy.push('host');
    return undefined;
  };
  const { results, report } = await converge(
    declare('thing:first'),
    declare('copy:vm'),
    declare('thing:late', { inside: 'vm' }),
  );
  expect(results).toEqual({ 'thing:first': 'changed', 'copy:vm': 'changed', 'thing:late': 'blocked' });
  expect(here.objects.has('late')).toBe(false);
  expect(report.diagnostics).toMatchObject([{ code: 'not-proved', category: 'blocked' }]);
});

test('no lock is asked for while the plan is only spoken of', async () => {
  const { log, locks } = locksOf();
  const { run } = setUp(locks);
  const planned = await plan(catalogOf([declare('thing:a'), declare('copy:vm')]), run, { engine: '1.0.0' });
  await apply(planned, run, { noop: true });
  expect(log).toEqual([]);
});
