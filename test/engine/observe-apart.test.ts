import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/diagnostics/diagnostic.ts';
import { subjectsOf } from '../../src/engine/model/subject.ts';
import { observe } from '../../src/engine/observe/observe.ts';
import { plan } from '../../src/engine/plan/planner.ts';
import { exec } from '../../src/resources/host/exec.ts';
import { folderHost } from '../support/engine-host.ts';
import { catalogOf, declare, type Things, testRun, testWorld, things } from '../support/engine-world.ts';
import { world as worldSays } from '../support/made-up.ts';

const names = (count: number) => Array.from({ length: count }, (_, i) => `t${i}`);

async function look(all: Things, count: number, meta = {}, sleep?: () => Promise<void>) {
  const run = testRun([all.type]);
  if (sleep) run.world.host.clock.sleep = sleep;
  const resources = names(count).map(name => declare(`thing:${name}`, {}, meta));
  const subjects = subjectsOf(resources, { registry: run.registry, targets: [], where: run.where });
  const diagnostics = await observe(run, subjects);
  const failed = [...run.observed].flatMap(([address, { state }]) => (state === 'failed' ? [address] : []));
  return { run, diagnostics, failed, calls: all.log.filter(line => line.startsWith('observe')).length };
}

/** A type that makes one fallible call for each object, of which some fail, and lets the call fail for it. */
function careless(trouble: (id: string) => Promise<void> | void, remote = false): Things {
  const all = things(remote ? { runs: { on: 'remote', target: 'there' } } : {});
  const { observe: original } = all.type;
  all.type.observe = async (asked, io) => {
    const seen = await original(asked, io);
    for (const { id } of asked) await trouble(id);
    return seen;
  };
  return all;
}

describe("B3: one object's trouble is its own", () => {
  test('an `unless` that hangs fails its own exec, by name', async () => {
    const { host } = folderHost();
    const processes = {
      run: ({ file }: { file: string }) =>
        file === 'hang'
          ? new Promise<never>(() => {})
          : Promise.resolve({ exitCode: 0, stdout: '', stderr: '', timedOut: false }),
    };
    const run = testRun([exec], testWorld({ host: { ...host, processes } }));
    run.world.host.clock.sleep = async () => {
      await new Promise(resolve => setImmediate(resolve));
    };
    const task = (name: string, guard: string) =>
      declare(`exec:${name}`, { command: ['x'], unless: [guard] }, { timeout: 10_000 });
    const made = await plan(catalogOf([task('a', 'quick'), task('b', 'hang'), task('c', 'quick')]), run, {
      engine: '1',
    });
    expect(Object.fromEntries(made.resources.map(({ title, action }) => [title, action]))).toEqual({
      a: 'none',
      b: 'failed',
      c: 'none',
    });
    expect(made.diagnostics.map(({ message }) => message)).toEqual([
      'observing `exec:b` took longer than 10s',
    ]);
  });

  test('a type that throws for one of them, whatever it throws', async () => {
    for (const error of [new Failure(worldSays('no', 'no')), new TypeError('oops')]) {
      const all = careless(id => {
        if (id === 't3') throw error;
      });
      const { failed, diagnostics } = await look(all, 20);
      expect(failed).toEqual(['thing:t3']);
      expect(diagnostics).toHaveLength(1);
    }
  });

  test('a type that answers for all of them what is wrong with one', async () => {
    const all = things();
    const { observe: original } = all.type;
    all.type.observe = async (asked, io) => {
      const seen = await original(asked, io);
      if (!seen.has('t5')) return seen;
      const diagnostic = worldSays('no', 'no');
      return new Map(asked.map(({ id }) => [id, { state: 'failed', diagnostic }]));
    };
    expect((await look(all, 20)).failed).toEqual(['thing:t5']);
  });

  test('a target that is away is asked once', async () => {
    const all = careless(() => {
      throw new Failure(worldSays('away', 'away'));
    }, true);
    const { failed, calls, diagnostics } = await look(all, 200);
    expect([failed.length, calls, diagnostics.length]).toEqual([200, 1, 1]);
  });

  test('what all have in common costs a few calls more, and is said once', async () => {
    const all = careless(() => {
      throw new Failure(worldSays('no-program', 'the program is missing'));
    });
    const { failed, calls, diagnostics } = await look(all, 200);
    expect([failed.length, calls]).toEqual([200, 9]);
    expect(diagnostics).toHaveLength(1);
  });
});
