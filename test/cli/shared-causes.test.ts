import { expect, test } from 'vitest';
import { SharedCauses } from '../../src/cli/commands/operation/shared-causes.ts';
import { world } from '../../src/diagnostics/diagnostic.ts';

test('what many VMs fail of is told once, and anew when it comes back', () => {
  const causes = new SharedCauses();
  const away = [world('vsphere-unavailable', 'it is not ready', {})];
  const other = [world('vsphere-unavailable', 'another one is not ready', {})];
  expect(causes.firstOf('dc02', away)).toBeUndefined();
  expect(causes.firstOf('sql01', away)).toBe('dc02');
  expect(causes.firstOf('web01', other)).toBeUndefined();
  causes.over('dc02');
  expect(causes.firstOf('web02', away)).toBe('dc02');
  expect(causes.firstOf('dc02', away)).toBeUndefined();
  for (const vm of ['dc02', 'sql01', 'web02']) causes.over(vm);
  expect(causes.firstOf('sql01', away)).toBeUndefined();
});

test('what vSphere says alike about each of them, with its name and its snapshot, is one cause', () => {
  const causes = new SharedCauses();
  const refused = (vm: string, cycle: string) => [
    world(
      'vsphere-fault',
      `vSphere refused to remove snapshot converge-00000001-00000002-3-${cycle} of VM ${vm}: x`,
    ),
  ];
  expect(causes.firstOf('dc02', refused('dc02', '0000000a'))).toBeUndefined();
  expect(causes.firstOf('web (1)', refused('web (1)', '0000000b'))).toBe('dc02');
  expect(causes.firstOf('dc', refused('dc02', '0000000c')), 'it is about another VM').toBeUndefined();
});
