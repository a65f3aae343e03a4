import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReadIo } from '../../../src/engine/model/io.ts';
import { scheduleOf } from '../../../src/resources/vsphere/list-vms.ts';
import { fits, isBelow, type VmSelection, vmSelector } from '../../../src/resources/vsphere/select-vms.ts';
import type { ListedVm } from '../../../src/vsphere/client/connect.ts';

const vm = (number: number, name: string, more: Partial<ListedVm> = {}): ListedVm => ({
  moref: `vm-${number}`,
  name,
  uuid: `5012aaaa-0000-4000-8000-00000000000${number}`,
  biosUuid: `4012aaaa-0000-4000-8000-00000000000${number}`,
  path: `/DC/vm/${name}`,
  folder: '/DC/vm',
  template: false,
  snapshots: [],
  ...more,
});

function find(select: VmSelection, vms: ListedVm[]) {
  const client = { vms: async () => vms, tags: () => Promise.reject(new Error('nobody asked for tags')) };
  return vmSelector.find(select, { client: async () => client } as unknown as ReadIo);
}

describe('which VM is meant', () => {
  const all = [
    vm(1, 'web'),
    vm(2, 'Web'),
    vm(3, 'gold', { template: true }),
    vm(4, 'clone', { biosUuid: vm(5, '').biosUuid }),
    vm(5, 'origin'),
    vm(6, 'a${b}'),
  ];

  it('by its name where no other has that in any case, else by UUID', async () => {
    const { members } = await find({ name: '*' }, all);
    expect(members.map(({ title }) => title)).toEqual([
      all[0]!.uuid,
      all[1]!.uuid,
      'clone',
      'origin',
      all[5]!.uuid,
    ]);
  });

  it('knows every identity that only this VM can have', async () => {
    const { members } = await find({ name: ['clone', 'web'] }, all);
    expect(members.map(({ names }) => names)).toEqual([
      [all[0]!.uuid, all[0]!.biosUuid],
      [all[1]!.uuid, all[1]!.biosUuid],
      ['clone', all[3]!.uuid],
    ]);
  });

  it('never a template', async () => {
    expect((await find({ name: 'gold' }, all)).members).toEqual([]);
  });
});

it.each([
  ['/EU/DC 1/vm/Prod/web', 'Prod', true],
  ['/EU/DC 1/vm/Prod/web', 'prod/WEB/', true],
  ['/EU/DC 1/vm/Prod/web', 'web', false],
  ['/EU/DC 1/vm/Prod/web', '/EU/DC 1/vm', true],
  ['/EU/DC 1/vm/Prod/web', '/EU/DC', false],
  ['/EU/DC 1/vm/Production', 'Prod', false],
])('%s below %s: %s', (path, folder, expected) => {
  expect(isBelow(path, folder)).toBe(expected);
});

it('a pattern without wildcards is the name itself, whatever it holds', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1 }).filter(text => !/[*?]/.test(text));
  fc.assert(fc.property(name, text => fits(text, text) && fits('*', text) && !fits(`${text}?`, text)));
});

describe('a schedule from points', () => {
  const minute = 60_000;
  const every = (gap: number, count = 5) => Array.from({ length: count }, (_, i) => i * gap);
  it.each([
    [every(15 * minute + 20_000), 'every 15 minutes'],
    [every(14 * minute), 'every 15 minutes'],
    [every(61 * minute), 'every hour'],
    [[...every(60 * minute), 900 * minute], 'every hour'],
    [every(4000 * minute), 'every day'],
    [[1], 'every day'],
    [[], 'every day'],
  ])('%j', (times, expected) => {
    expect(scheduleOf(times)).toBe(expected);
  });
});
