import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { conditionsOf } from '../../../src/operation/alerts/rules.ts';
import { lookAtVm } from '../../../src/operation/look.ts';
import { metricsOf } from '../../../src/operation/metrics/metrics.ts';
import type { SeenRepository } from '../../../src/operation/model.ts';
import { statusOf } from '../../../src/operation/status.ts';
import { whyOf } from '../../../src/operation/words.ts';
import { runCycle } from '../../../src/replication/cycle/run-cycle.ts';
import { FOREVER } from '../../../src/replication/model/object-lock.ts';
import { pruneRepository } from '../../../src/replication/prune/prune-repository.ts';
import type { OpenRepository } from '../../../src/replication/repository/open-repository.ts';
import { holdsIn, release } from '../../../src/replication/retention/holds.ts';
import { CycleWorld } from '../../support/cycles.ts';

const MIB = 2 ** 20;

test('a guest that is encrypted: the point says so, and nothing is removed until somebody has looked', {
  timeout: 120_000,
}, async () => {
  const cycles = new CycleWorld(288 * MIB);
  const { uuid } = cycles.machine;
  await cycles.run();
  for (let n = 0; n < 9; n++) {
    cycles.disk.write(n * MIB, Buffer.alloc(MIB, `a log of day ${n}, like the one before\n`));
    expect((await cycles.run()).warnings).toEqual([]);
  }
  const repository = (await cycles.repository()) as OpenRepository;
  expect(await holdsIn(repository)).toEqual([]);

  for (let at = 0; at < 264; at += 8) cycles.disk.write(at * MIB, randomBytes(8 * MIB));
  const cycle = await cycles.process();
  await cycles.clock.advance(60_000);
  let heldBefore = 0;
  // Whoever is killed here has left a hold, and no point that nothing holds.
  const step = async (name: string) => {
    if (name === 'head') heldBefore = (await holdsIn(repository)).length;
  };
  const { warnings, point } = await runCycle({ ...cycle, step });
  expect(heldBefore).toBe(1);
  expect(warnings.map(({ code }) => code)).toEqual(['changes-jumped']);
  expect(point.changes!.signal).toMatchObject({ kind: 'incompressible', share: 1 });
  const holds = await holdsIn(repository);
  expect(holds).toMatchObject([{ vm: uuid, until: FOREVER, why: 'incompressible' }]);

  // Everybody is told, and points that come after don't end it.
  cycles.disk.write(0, Buffer.alloc(MIB, 'all is quiet\n'));
  expect((await cycles.run()).warnings).toEqual([]);
  const now = cycles.clock.now();
  const seen: SeenRepository = {
    ...{ url: 'memory://test', now, pauses: [], plans: [], holds },
    vms: [
      await lookAtVm(
        repository.vm(uuid),
        () => {},
        () => false,
      ),
    ],
  };
  const vms = statusOf([], [seen], [], 'nothing');
  expect(vms[0]).toMatchObject({ signal: 'incompressible', heldUntil: FOREVER });
  expect(whyOf(vms[0]!)).toContain('its points are held until somebody releases it (much was rewritten');
  const known = {
    failing: new Map(),
    declaredSince: new Map(),
    seen: new Set<string>(),
    ahead: new Map(),
    plans: [],
    own: [],
  };
  expect(conditionsOf(vms, known, now)).toContainEqual(
    expect.objectContaining({ rule: 'change-rate', severity: 'critical', subject: 'dc02' }),
  );
  const status = { at: now, vms, plans: [], repositories: [{ url: 'memory://test' }], diagnostics: [] };
  expect(metricsOf(status, { version: '1' })).toMatch(
    /converge_vm_change_signal\{.*signal="incompressible"\} 1/,
  );

  const prune = async () => {
    const ruleOf = () => ({ retention: { all: 1 } });
    const options = {
      ruleOf,
      grace: 1,
      dry: true,
      now: now + 1000,
      step: async () => {},
      onDamage: () => {},
      onUntouched: () => {},
    };
    return (await pruneRepository(repository, options))[0]!;
  };
  expect(await prune()).toMatchObject({ held: FOREVER, marked: [] });
  await release(repository, holds[0]!);
  expect((await prune()).marked.length).toBeGreaterThan(5);
});
