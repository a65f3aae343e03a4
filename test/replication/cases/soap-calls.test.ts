import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSite } from './site.ts';

let site: Awaited<ReturnType<typeof openSite>>;
beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site.close());

test.each(['off', 'require'] as const)(
  'an increment of one small disk takes at most 20 calls of SOAP, log-in and log-out included: quiesce %s',
  async quiesce => {
    const vm = await site.vm([4]);
    await vm.run();
    await vm.change(1);
    const { calls, result } = await site.counted(vm.name, machine => vm.run({ quiesce }, () => {}, machine));
    expect(result.disks[0]!.mode).toBe('incremental');
    expect(calls.length, calls.join('\n')).toBeLessThanOrEqual(20);
    await vm.same(result.point, 0);
  },
);
