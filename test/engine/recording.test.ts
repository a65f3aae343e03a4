import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/diagnostics/diagnostic.ts';
import { apply } from '../../src/engine/apply/apply.ts';
import { owe } from '../../src/engine/memory/owed-refreshes.ts';
import type { CatalogResource, CatalogTarget } from '../../src/engine/model/catalog.ts';
import { subjectsOf } from '../../src/engine/model/subject.ts';
import { observe } from '../../src/engine/observe/observe.ts';
import { plan } from '../../src/engine/plan/planner.ts';
import { recordedWorld } from '../../src/engine/record/recorded-world.ts';
import { type Recording, record, replay } from '../../src/engine/record/recording.ts';
import { parseRecording, renderRecording } from '../../src/engine/record/recording-file.ts';
import { folderHost } from '../support/engine-host.ts';
import {
  catalogOf,
  declare,
  refs,
  registryOf,
  type Things,
  testRun,
  testWorld,
  things,
} from '../support/engine-world.ts';
import { world as worldSays } from '../support/made-up.ts';

const target: CatalogTarget = { name: 'dr', type: 'aws', properties: {}, at: declare('thing:x').at };

async function recorded(
  { type }: Things,
  resources: CatalogResource[],
  world: ReturnType<typeof testWorld>,
  targets: CatalogTarget[] = [],
) {
  const run = testRun([type], world);
  const subjects = subjectsOf(resources, { registry: registryOf(type), targets, where: run.where });
  await observe(run, subjects);
  const { recording, diagnostics } = await record(run, subjects, targets);
  return { text: renderRecording(recording), diagnostics };
}

function offline(
  { type }: Things,
  resources: CatalogResource[],
  recording: Recording,
  targets: CatalogTarget[] = [],
) {
  const run = testRun(
    [type],
    recordedWorld(recording, folderHost().host, async () => undefined),
  );
  return plan(catalogOf(resources, targets), run, {
    engine: '1',
    observe: replay(recording, 'o.json', targets),
  });
}

describe('what only memory knows', () => {
  const password = { $secret: 'env:PASSWORD' };
  async function applied() {
    const all = things();
    const world = testWorld();
    world.secrets['env:PASSWORD'] = 'first-password';
    const site = [declare('thing:a', { password })];
    const run = testRun([all.type], world);
    await apply(await plan(catalogOf(site), run, { engine: '1' }), run);
    return { all, world, site };
  }

  test('an applied secret is known by its reference', async () => {
    const { all, world, site } = await applied();
    const { text } = await recorded(all, site, world);
    expect(text).not.toContain('first-password');
    const recording = parseRecording(text, 'o.json');
    const online = await plan(catalogOf(site), testRun([all.type], world), { engine: '1' });
    expect(await offline(all, site, recording)).toEqual(online);
    expect(online.resources[0]!.action).toBe('none');
    const other = [declare('thing:a', { password: { $secret: 'env:OTHER' } })];
    expect((await offline(all, other, recording)).resources[0]!.action).toBe('update');
  });

  test('one that has changed since is not known', async () => {
    const { all, world, site } = await applied();
    world.secrets['env:PASSWORD'] = 'second-password';
    const { text } = await recorded(all, site, world);
    const { resources } = await offline(all, site, parseRecording(text, 'o.json'));
    expect(resources[0]!.action).toBe('update');
  });

  test('one that can not be read is said, and the rest is recorded', async () => {
    const { all, world, site } = await applied();
    delete world.secrets['env:PASSWORD'];
    const { text, diagnostics } = await recorded(all, [...site, declare('thing:b')], world);
    expect(diagnostics).toMatchObject([{ code: 'no-secret', address: 'thing:a' }]);
    expect(parseRecording(text, 'o.json').resources.map(r => r.state)).toEqual(['present', 'absent']);
  });

  test('an owed refresh is planned', async () => {
    const all = things();
    all.objects.set('a', {}).set('b', {});
    const world = testWorld();
    const site = [declare('thing:a', {}, { notify: refs('thing:b') }), declare('thing:b')];
    await owe(testRun([all.type], world), 'thing:a', ['thing:b']);
    const { text } = await recorded(all, site, world);
    const online = await plan(catalogOf(site), testRun([all.type], world), { engine: '1' });
    expect(online.resources.map(r => r.action)).toEqual(['none', 'refresh']);
    expect(await offline(all, site, parseRecording(text, 'o.json'))).toEqual(online);
  });
});

test('what could not be observed is as it was', async () => {
  const all = things({
    observe: async () => Promise.reject(new Failure(worldSays('unreachable', 'no answer'))),
  });
  const world = { ...testWorld(), identify: async () => Promise.reject(new Failure(worldSays('who', '?'))) };
  const site = [declare('thing:a'), declare('thing:b')];
  const { text, diagnostics } = await recorded(all, site, world, [target]);
  expect(diagnostics).toMatchObject([{ code: 'who' }]);
  const recording = parseRecording(text, 'o.json');
  expect(recording.targets).toEqual({ dr: { type: 'aws', identity: 'unknown' } });
  const planned = await offline(all, site, recording, [target]);
  expect(planned.resources.map(r => r.action)).toEqual(['failed', 'failed']);
  expect(planned.diagnostics).toMatchObject([{ code: 'unreachable' }, { code: 'unreachable' }]);
});

test('time and place are those of the recording', async () => {
  const all = things();
  const world = testWorld();
  const window = { from: '01:00', to: '02:00' };
  const site = [declare('thing:a', {}, { window })];
  const { text } = await recorded(all, site, world);
  const recording = parseRecording(text, 'o.json');
  expect(recording.now).toBe('2026-01-01T00:00:00.000Z');
  const later = { ...recording, now: '2026-01-01T01:30:00.000Z' };
  expect((await offline(all, site, recording)).resources[0]!.held).toEqual({ until: '2026-01-01T01:00:00Z' });
  expect((await offline(all, site, later)).resources[0]!.held).toBeUndefined();
});

test('a type of another version is refused by name', async () => {
  const all = things();
  const { text } = await recorded(all, [declare('thing:a')], testWorld());
  const newer = things({ version: 2 });
  const refused = offline(newer, [declare('thing:a')], parseRecording(text, 'o.json'));
  await expect(refused).rejects.toMatchObject({
    diagnostics: [{ code: 'type-moved', category: 'given', address: 'thing:a' }],
  });
});
