import { expect, test } from 'vitest';
import { type JobDone, slowJobs } from '../../src/app/operation/agent/slow-jobs.ts';
import type { Site, View } from '../../src/app/operation/site/site.ts';
import { Failure, world } from '../../src/diagnostics/diagnostic.ts';
import type { EngineMemory } from '../../src/engine/model/world.ts';
import { memoryStore } from '../support/memory-store.ts';
import { openTest } from '../support/repository.ts';
import { SteppedClock } from '../support/stepped-clock.ts';

const hour = 3_600_000;

/** An agent with these repositories; its state folder outlives the process. */
function agentOn(clock: SteppedClock, views: Record<string, unknown> = {}) {
  const kept = new Map<string, unknown>();
  const memory = {
    get: (key: string) => kept.get(key),
    set: async (key: string, value: unknown) => void kept.set(key, value),
  } as unknown as EngineMemory;
  const reach = { known: { at: async () => undefined } };
  const session = { world: { host: { clock } }, reach };
  const site = { session, resources: [], catalog: { resources: [] }, views: new Map(Object.entries(views)) };
  const done: JobDone[] = [];
  const start = () =>
    new Map(
      slowJobs({
        context: { reporter: {}, io: { interrupt: new AbortController().signal } } as never,
        ...{ paths: [], options: {} as never, memory: () => memory, draining: () => false },
        site: () => site as unknown as Site,
        done: what => void done.push(what),
      }).map(job => [job.name, job]),
    );
  return { start, done };
}

const viewOf = (name: string, repository: View['repository']) =>
  ({ repository, ref: { url: { canonical: name } } }) as unknown as View;

test('what was never done is put off once, however often the agent is started anew', async () => {
  const clock = new SteppedClock();
  const { start } = agentOn(clock);
  const first = () => [...start().values()].map(job => [job.name, job.first! / hour]);
  const fresh = [
    ['verify', 24],
    ['prune', 24],
    ['drift', 6],
    // Somebody may wait for these.
    ['cleanup', 1 / 60],
    ['rehearsal', 1 / 60],
  ];
  expect(first()).toEqual(fresh);
  await clock.advance(4 * hour);
  expect(
    first()
      .slice(0, 3)
      .map(([, hours]) => hours),
  ).toEqual([20, 20, 2]);
  await clock.advance(4 * hour);
  expect(
    first()
      .slice(0, 3)
      .map(([, hours]) => hours),
  ).toEqual([16, 16, 0]);
});

test('what was done is due again that long after it, over a start in between', async () => {
  const clock = new SteppedClock();
  const { start } = agentOn(clock);
  const jobs = start();
  await clock.advance(30 * hour);
  expect(await jobs.get('cleanup')!.turn()).toBe('done');
  expect(await jobs.get('verify')!.turn()).toBe('done');
  await clock.advance(hour / 8);
  expect(start().get('cleanup')!.first).toBe(hour / 8);
  expect(start().get('verify')!.first).toBe(23.875 * hour);
});

test('a repository that can’t be read keeps no other from being verified, and is tried again alone', async () => {
  const clock = new SteppedClock();
  const store = memoryStore('memory://one', () => clock.now());
  const sick = memoryStore('memory://sick', () => clock.now());
  const { start, done } = agentOn(clock, {
    sick: viewOf('sick', await openTest(sick)),
    one: viewOf('one', await openTest(store)),
  });
  const away = world('aws-unreachable', 'it is away');
  sick.before = () => {
    throw new Failure(away);
  };
  const { turn } = start().get('verify')!;
  await expect(turn()).rejects.toMatchObject({ diagnostics: [away] });
  expect(done.map(({ subject }) => subject)).toEqual(['one']);
  sick.before = undefined;
  await clock.advance(hour / 4);
  expect(await turn()).toBe('done');
  expect(done.map(({ subject }) => subject)).toEqual(['one', 'sick']);
});
