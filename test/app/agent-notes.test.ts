import { expect, test } from 'vitest';
import { statusesOf } from '../../src/app/operation/agent/alert-loop.ts';
import { lookAtNotes, type Site, type View } from '../../src/app/operation/site/site.ts';
import { noteCover } from '../../src/recovery/cover/covers.ts';
import { settleThere, suspend } from '../../src/replication/model/pauses.ts';
import type { OpenRepository } from '../../src/replication/repository/open-repository.ts';
import { hold, release } from '../../src/replication/retention/holds.ts';
import { memoryStore } from '../support/memory-store.ts';
import { openTest } from '../support/repository.ts';

test('an agent sees that changes jumped until that is released, and what covers a VM in AWS', async () => {
  const repository = (await openTest(memoryStore('memory://notes', () => 0))) as unknown as OpenRepository;
  const url = 'memory://notes';
  const view = { repository, ref: { url: { canonical: url } }, now: () => 10, vms: new Map() };
  const vm = 'u-1';
  view.vms.set(vm, { uuid: vm, name: 'web' });
  const seen: View = { ...view, pauses: [], holds: [], covers: [] } as unknown as View;
  const site = { declared: [], views: new Map([[url, seen]]) } as unknown as Site;
  const web = async () => {
    await lookAtNotes(seen, []);
    return statusesOf(site)[0]!;
  };
  const jumped = { vm, at: 1, until: 20, why: 'incompressible' as const };
  await hold(repository, jumped);
  expect(await web()).toMatchObject({ signal: 'incompressible', heldUntil: 20 });
  await release(repository, jumped);
  expect((await web()).signal).toBeUndefined();

  await suspend(repository, 'web/1', [{ uuid: vm, name: 'web' }], 1);
  await settleThere(repository, 'web/1', [vm], 2);
  expect(await web()).toMatchObject({ state: 'unprotected', reason: 'lives-in-aws' });
  await noteCover(repository, { vm, at: 9, every: 100 });
  expect(await web()).toMatchObject({ state: 'kept', reason: 'snapshots-in-aws' });
  await noteCover(repository, { vm, at: 9, every: 100, lacks: ['vol-1'] });
  expect(await web()).toMatchObject({ state: 'breached', reason: 'volume-uncovered' });
});
