import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

const manifests = join(import.meta.dirname, '../../manifests');
const examples = readdirSync(manifests);

test.for(examples)('the example %s is valid as it is', async example => {
  const { code, stderr } = await cli(await scratch(), ['validate', join(manifests, example), '--lab']);
  expect(code, stderr).toBe(0);
});

test.for([
  ['pilot-light', 'dr', 'dc02', 'sql01'],
  ['pilot-light-linux', 'web', 'sql01'],
] as const)(
  '%s in the lab: protected, replicated, rehearsed in order, and removed',
  {
    timeout: 240_000,
  },
  async ([example, plan, ...order]) => {
    const dir = await scratch();
    const ok = async (...args: string[]) => {
      const { code, stdout, stderr } = await cli(dir, [...args, join(manifests, example), '--lab']);
      expect(code, `${args.join(' ')}\n${stdout}${stderr}`).toBe(0);
      return stdout;
    };
    expect(await ok('apply')).toContain('a second plan is empty');
    const replicated = await ok('replicate', '--replica');
    for (const vm of order)
      expect(replicated).toMatch(new RegExp(`^${vm}: replica of .*\\n {2}disk 0: snap-[0-9a-f]+, full`, 'm'));
    const said = await ok('failover', plan, '--test');
    // What was measured, of each machine and of all, stands at the end.
    const measured = [
      ...said.matchAll(/^(\w+) {2}i-[0-9a-f]+ {2}runs after [\d.]+ s, probed after [\d.]+ s$/gm),
    ];
    expect(measured.map(([, vm]) => vm)).toEqual(order);
    expect(said).toMatch(/^recovered in [\d.]+ s; remove it: /m);
    expect(said.match(/^ {2}passed {2}status checks/gm)).toHaveLength(order.length);
    expect(said).not.toMatch(/^ {2}(failed|not run)/m);
    expect(await ok('failover', 'cleanup', plan)).toContain(
      '0 instances, 0 volumes, 0 images, 0 security groups and 0 entries are left',
    );
  },
);
