import { expect, test } from 'vitest';
import { openRepository } from '../../../src/replication/repository/open-repository.ts';
import { verify } from '../../../src/replication/verify/verify.ts';
import { CycleWorld, KiB } from '../../support/cycles.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const block = 64 * KiB;

async function cycles(count: number): Promise<CycleWorld> {
  const world = new CycleWorld(4 * block);
  for (let n = 0; n < count; n++) {
    world.disk.write(n * block, world.random.bytes(block));
    await world.run();
  }
  return world;
}

const check = async ({ store }: CycleWorld, seen?: Record<string, number>) => {
  const repository = await openRepository(store, { random: new SeededRandom('verifier') });
  return verify(repository, seen ? { seen } : {});
};
const remove = ({ store }: CycleWorld, ...parts: string[]) => {
  for (const key of [...store.objects.keys()])
    if (parts.some(part => key.includes(part))) store.objects.delete(key);
};

test('what is whole is whole', async () => {
  const world = await cycles(3);
  expect(await check(world, { [world.machine.uuid]: 3 })).toMatchObject({ problems: [], notes: [] });
});

test.each<[string, string[], string[]]>([
  ['all points and the head', ['/points/', '/head'], ['rolled-back']],
  ['all but packs, indexes and the roster', ['/points/', '/head', '/lease', '/pages/'], ['rolled-back']],
  ['all but packs and the roster', ['/points/', '/head', '/lease', '/pages/', '/index/'], ['missing']],
  ['all but packs', ['/points/', '/head', '/lease', '/pages/', '/index/', 'roster/'], ['unexplained']],
  ['the newest point and the head', ['/points/000000000003', '/head'], ['missing', 'rolled-back']],
  [
    'the two newest, the head and the lease',
    ['/points/000000000003', '/points/000000000002', '/head', '/lease'],
    ['missing', 'rolled-back'],
  ],
])('%s gone is not an all-clear', async (_what, parts, kinds) => {
  const world = await cycles(3);
  remove(world, ...parts);
  const { problems } = await check(world);
  expect(problems.map(({ kind }) => kind).sort()).toEqual(kinds);
});

test('an older state of everything is told by whoever saw a newer one, as is a VM of which nothing is left', async () => {
  const world = await cycles(1);
  const before = new Map(world.store.objects);
  await world.run();
  world.store.objects.clear();
  for (const [key, object] of before) world.store.objects.set(key, object);
  expect((await check(world)).problems).toEqual([]);
  expect((await check(world, { [world.machine.uuid]: 2 })).problems).toMatchObject([{ kind: 'rolled-back' }]);
  remove(world, 'vms/', 'roster/');
  expect((await check(world)).problems).toEqual([]);
  expect((await check(world, { [world.machine.uuid]: 2 })).problems).toMatchObject([
    { kind: 'missing', message: expect.stringContaining(world.machine.uuid) },
  ]);
});

test('what nothing explains is a problem, wherever it lies', async () => {
  const world = await cycles(1);
  const folder = world.key('/head').slice(0, -'head'.length);
  const strange = ['notes.txt', 'vms/README', 'roster/x', `${folder}packs/x`, `${folder}old head`];
  for (const key of strange) world.store.objects.set(key, { bytes: Buffer.from('x'), modified: 0 });
  const { problems } = await check(world);
  expect(problems.map(({ kind, object }) => [kind, object])).toEqual(
    strange.toSorted().map(key => ['unexplained', key]),
  );
});

test('what a cycle leaves that died, or writes that runs, is a note', async () => {
  for (const first of [true, false]) {
    const begun = async () => {
      const world = await cycles(first ? 0 : 1);
      world.disk.write(3 * block, world.random.bytes(block));
      return world;
    };
    const steps = await (await begun()).killedAt(Number.POSITIVE_INFINITY, 'error');
    for (const at of steps.keys()) {
      const world = await begun();
      await world.killedAt(at, 'gone');
      const { problems, notes } = await check(world);
      expect(problems, `${first} ${steps[at]}`).toEqual([]);
      const step = steps[at]!;
      if (['pages', 'index', 'roster', 'head'].includes(step))
        expect(notes.join(), step).toContain('a cycle left them when it died');
    }
  }
});
