import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/diagnostics/diagnostic.ts';
import { displayName, type InventoryVm, listVms, pickVm } from '../../src/vsphere/inventory/inventory.ts';
import { connected, object, val } from './scripted-server.ts';

const to = (type: string, id: string) => `<val type="${type}" xsi:type="ManagedObjectReference">${id}</val>`;
const named = (type: string, id: string, name: string, parent?: string) =>
  object(type, id, { name: val('xsd:string', name), ...(parent ? { parent } : {}) });
const uuid = (n: number) => `5012aaaa-0000-4000-8000-00000000000${n}`;
const vm = (n: number, name: string, up: Record<string, string>) =>
  object('VirtualMachine', `vm-${n}`, {
    name: val('xsd:string', name),
    'config.instanceUuid': val('xsd:string', uuid(n).toUpperCase()),
    'config.uuid': val('xsd:string', `4012${uuid(n).slice(4)}`),
    ...up,
  });

const INVENTORY = [
  named('Folder', 'group-d1', 'Datacenters'),
  named('Folder', 'group-d2', 'EU%2fWest', to('Folder', 'group-d1')),
  named('Datacenter', 'datacenter-3', 'DC 1', to('Folder', 'group-d2')),
  named('Datacenter', 'datacenter-4', 'DC2', to('Folder', 'group-d1')),
  named('Folder', 'group-v5', 'vm', to('Datacenter', 'datacenter-3')),
  named('Folder', 'group-v6', 'vm', to('Datacenter', 'datacenter-4')),
  object('VirtualApp', 'resgroup-v7', {
    name: val('xsd:string', 'shop'),
    parentFolder: to('Folder', 'group-v6'),
  }),
  vm(1, 'dc02', { parent: to('Folder', 'group-v5') }),
  vm(2, '50%25 a%2fb', { parent: to('Folder', 'group-v6') }),
  vm(3, 'web', { parentVApp: to('VirtualApp', 'resgroup-v7') }),
  object('VirtualMachine', 'vm-9', { name: val('xsd:string', 'inaccessible, has no config') }),
];

// The root folder is the view's container and not part of it.
const list = async (datacenter?: string) => {
  const answer = `<returnval>${INVENTORY.slice(1).join('')}</returnval>`;
  const { session } = await connected({ RetrievePropertiesEx: () => answer });
  return listVms(session, datacenter);
};

it('lists VMs with path and datacenter, through folders and vApps', async () => {
  expect(await list()).toMatchObject([
    { name: '50% a/b', path: '/DC2/vm/50% a/b', datacenter: 'DC2', uuid: uuid(2) },
    {
      name: 'web',
      path: '/DC2/vm/shop/web',
      datacenter: 'DC2',
      moref: { type: 'VirtualMachine', value: 'vm-3' },
    },
    { name: 'dc02', path: '/EU/West/DC 1/vm/dc02', datacenter: 'EU%2fWest/DC 1' },
  ]);
});

it.each(['DC2', '/DC2/'])('keeps to the datacenter %s when there is one', async datacenter => {
  expect((await list(datacenter)).map(v => v.name)).toEqual(['50% a/b', 'web']);
});

it('reads the three escapes of inventory names, and no other', () => {
  expect(displayName('a%2fb%5Cc%25d %41')).toBe('a/b\\c%d %41');
});

describe('picking one', () => {
  const make = (n: number, name: string, more: Partial<InventoryVm> = {}): InventoryVm => ({
    moref: { type: 'VirtualMachine', value: `vm-${n}` },
    name,
    uuid: uuid(n),
    biosUuid: `4012${uuid(n).slice(4)}`,
    path: `/DC/vm/${n}/${name}`,
    folder: `/DC/vm/${n}`,
    template: false,
    snapshots: [],
    datacenter: 'DC',
    ...more,
  });
  const vms = [
    make(1, 'dc02'),
    make(2, 'web'),
    make(3, 'web'),
    make(4, 'clone', { biosUuid: make(1, '').biosUuid }),
  ];
  const pick = (word: string, from = vms) => pickVm(from, word, 'vc.example.com:443');
  const refused = (word: string, from = vms) => {
    try {
      pick(word, from);
    } catch (error) {
      if (error instanceof Failure) return error.diagnostics[0]!;
    }
    throw new Error('expected a Failure');
  };

  it('goes by name, instance UUID and BIOS UUID', () => {
    expect(pick('dc02').moref.value).toBe('vm-1');
    expect(pick(uuid(3).toUpperCase()).moref.value).toBe('vm-3');
    expect(pick(make(2, '').biosUuid).moref.value).toBe('vm-2');
  });

  it('prefers an instance UUID to the same BIOS UUID', () => {
    expect(pick(uuid(1), [make(2, 'copy', { biosUuid: uuid(1) }), make(1, 'dc02')]).name).toBe('dc02');
  });

  it('asks for the UUID when two have the name, and lists both', () => {
    const d = refused('web');
    expect(d).toMatchObject({ code: 'vm-ambiguous', category: 'world' });
    expect(d.message).toContain(`${uuid(2)} (/DC/vm/2/web), ${uuid(3)} (/DC/vm/3/web)`);
    expect(d.hint).toContain('UUID');
  });

  it('does so for clones with one BIOS UUID', () => {
    expect(refused(make(1, '').biosUuid).message).toMatch(/2 VMs.*dc02.*clone/);
  });

  it('names the nearest when there is none', () => {
    expect(refused('dc03')).toMatchObject({
      code: 'vm-not-found',
      category: 'world',
      message: "There is no VM 'dc03' at vc.example.com:443.",
      hint: expect.stringContaining('dc02'),
    });
    expect(refused('x', []).hint).toMatch(/role/);
  });
});
