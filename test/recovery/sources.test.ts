import { expect, test } from 'vitest';
import type { Recovering } from '../../src/app/recovery/open/with-declared.ts';
import { refuseController } from '../../src/app/recovery/real/failback.ts';
import { refuseDomainControllers, refuseRunning, sourcesOf } from '../../src/app/recovery/real/sources.ts';
import { Failure, world } from '../../src/diagnostics/diagnostic.ts';
import type { CatalogResource } from '../../src/engine/model/catalog.ts';

const { signal } = new AbortController();
const target = (title: string, role?: string) =>
  ({
    title,
    address: `recovery_target:${title}`,
    at: { file: 'm.yaml', line: 1, column: 1 },
    properties: { ...(role && { role }) },
  }) as unknown as CatalogResource;

const refusal = (work: () => void): Failure => {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

test('whether a machine runs at home: what cannot be asked about, or is another one, is unknown', async () => {
  const homes: Record<string, unknown> = {
    off: { uuid: 'u-off', inspect: async () => ({ poweredOn: false }) },
    on: { uuid: 'u-on', inspect: async () => ({ poweredOn: true }) },
    replaced: { uuid: 'u-other', inspect: async () => ({ poweredOn: false }) },
    away: {
      uuid: 'u-away',
      inspect: async () => {
        throw new Failure(world('vsphere-unreachable', 'the vCenter does not answer'));
      },
    },
  };
  const home = (async (vm: string) => homes[vm]) as Recovering['home'];
  const machines = ['off', 'on', 'replaced', 'away', 'foreign'].map(vm => ({ vm, uuid: `u-${vm}` }));
  const sources = await sourcesOf({ home }, machines, signal);
  expect(sources.map(({ vm, state }) => `${vm} ${state}`)).toEqual([
    'off off',
    'on running',
    'replaced unknown',
    'away unknown',
    'foreign unknown',
  ]);
  const failure = refusal(() => refuseRunning(sources, () => undefined));
  expect(failure.diagnostics.map(({ code, category }) => `${code} ${category}`)).toEqual([
    'source-running blocked',
    'source-unknown blocked',
    'source-unknown blocked',
    'source-unknown blocked',
  ]);
  expect(failure.message).toContain('another VM has its name by now');
  expect(failure.message).toContain('the vCenter does not answer');
  for (const { hint } of failure.diagnostics) expect(hint).toContain('--source-down-confirmed');
  refuseRunning([sources[0]!], () => undefined);
});

test('a domain controller needs its own --allow; that of another target is none', () => {
  const targets = [target('web01'), target('dc01', 'domain_controller'), target('dc02', 'domain_controller')];
  const all = refusal(() => refuseDomainControllers(targets, []));
  expect(all.diagnostics.map(({ code, category }) => `${code} ${category}`)).toEqual([
    'domain-controller blocked',
    'domain-controller blocked',
  ]);
  const one = refusal(() =>
    refuseDomainControllers(targets, ['recovery_target:dc01', 'recovery_target:web01']),
  );
  expect(one.diagnostics).toMatchObject([{ hint: expect.stringContaining('--allow recovery_target:dc02') }]);
  refuseDomainControllers(targets, ['recovery_target:dc01', 'recovery_target:dc02']);
  refuseDomainControllers([target('web01')], []);
});

test('a domain controller is never brought home as an image', () => {
  refuseController(target('web01'));
  expect(refusal(() => refuseController(target('dc01', 'domain_controller'))).diagnostics).toMatchObject([
    { code: 'domain-controller', category: 'blocked', at: { line: 1 } },
  ]);
});
