import { describe, expect, it } from 'vitest';
import { readDisks } from '../../src/vsphere/inventory/devices.ts';
import { parseXml } from '../../src/vsphere/soap/xml.ts';
import { controller, type DiskShape, devices, disk } from './wire.ts';

const read = (...elements: string[]) => readDisks(parseXml(devices(...elements)));
const one = (shape: DiskShape) => read(controller(1000), disk(shape))[0]!;

it('reads a disk as vCenter describes it', () => {
  const { backing, ...rest } = one({ changeId: '52 de c0 d9 b9 43 9d 10-61 d5 4c 1b e9 7b 65 63/81' });
  expect(rest).toEqual({
    key: 2000,
    index: 0,
    label: 'Hard disk 1',
    identity: '6000c293-1f1d-4b7a-9d5e-0c1d2e3f4a5b',
    capacity: 1_048_576,
    changeId: '52 de c0 d9 b9 43 9d 10-61 d5 4c 1b e9 7b 65 63/81',
  });
  expect(backing.name).toBe('backing');
});

it('numbers the disks by controller and unit, whatever the order of the list', () => {
  const found = read(
    disk({ key: 16000, controllerKey: 15000, unit: 0 }),
    disk({ key: 2010, controllerKey: 1000, unit: 10, uuid: 'b' }),
    controller(1000),
    disk({ key: 2002, controllerKey: 1000, unit: 2, uuid: 'c' }),
    controller(15000, 'VirtualAHCIController'),
  );
  expect(found.map(d => [d.index, d.key])).toEqual([
    [0, 2002],
    [1, 2010],
    [2, 16000],
  ]);
});

describe('identity', () => {
  it('is the uuid of the backing, else the object id, else the slot', () => {
    expect(one({ uuid: 'ABC' }).identity).toBe('abc');
    expect(one({ uuid: '', objectId: '1-2000' }).identity).toBe('1-2000');
    expect(one({ uuid: '', unit: 3 }).identity).toBe('1000:3');
  });

  it('tells two copies in one VM apart by their slots', () => {
    const found = read(disk({ key: 2000, unit: 0, uuid: 'x' }), disk({ key: 2001, unit: 1, uuid: 'x' }));
    expect(found.map(d => d.identity)).toEqual(['x@1000:0', 'x@1000:1']);
  });
});

describe('capacity', () => {
  it('is exact above 4 GiB', () => expect(one({ capacity: '68719476736512' }).capacity).toBe(68719476736512));
  it('comes from KiB where the server knows no bytes', () =>
    expect(one({ capacity: undefined, capacityInKB: '1024' }).capacity).toBe(1_048_576));
  it.each(['-1', '9007199254740993', 'many'])('refuses %s', capacity =>
    expect(() => one({ capacity })).toThrow(/capacityInBytes/),
  );
});

describe('disks that no snapshot holds', () => {
  it.each<[string, DiskShape, RegExp]>([
    ['independent', { mode: 'independent_persistent' }, /independent/],
    ['independent, not persistent', { mode: 'independent_nonpersistent' }, /independent/],
    [
      'a physical RDM',
      {
        backing: 'VirtualDiskRawDiskMappingVer1BackingInfo',
        more: '<compatibilityMode>physicalMode</compatibilityMode>',
      },
      /physical mode/,
    ],
    ['a disk of the host', { backing: 'VirtualDiskRawDiskVer2BackingInfo' }, /raw disk/],
    ['multi-writer', { more: '<sharing>sharingMultiWriter</sharing>' }, /multi-writer/],
  ])('%s', (_, shape, why) => expect(one(shape).unprotectable).toMatch(why));

  it.each(['physicalSharing', 'virtualSharing'])('on a bus with %s', sharing => {
    const [found] = read(controller(1000, 'VirtualLsiLogicSASController', sharing), disk({}));
    expect(found!.unprotectable).toContain(sharing);
  });

  it.each<[string, DiskShape]>([
    ['a plain disk', {}],
    [
      'a virtual RDM',
      {
        backing: 'VirtualDiskRawDiskMappingVer1BackingInfo',
        more: '<compatibilityMode>virtualMode</compatibilityMode>',
      },
    ],
    ['a disk that says it is not shared', { more: '<sharing>sharingNone</sharing>' }],
  ])('but not %s', (_, shape) => expect(one(shape).unprotectable).toBeUndefined());
});

it.each<[string, string, string, string | undefined]>([
  ['VirtualLsiLogicController', 'scsi0:1.ctkEnabled', 'FALSE', 'scsi0:1.ctkEnabled'],
  ['ParaVirtualSCSIController', 'scsi0:1.CTKEnabled', 'false', 'scsi0:1.ctkEnabled'],
  ['VirtualAHCIController', 'sata0:1.ctkEnabled', 'FALSE', 'sata0:1.ctkEnabled'],
  ['VirtualNVMEController', 'nvme0:1.ctkEnabled', 'FALSE', 'nvme0:1.ctkEnabled'],
  ['VirtualIDEController', 'ide0:1.ctkEnabled', 'FALSE', 'ide0:1.ctkEnabled'],
  ['VirtualLsiLogicController', 'scsi0:1.ctkEnabled', 'TRUE', undefined],
  ['VirtualLsiLogicController', 'scsi0:2.ctkEnabled', 'FALSE', undefined],
  ['VirtualLsiLogicController', 'ctkEnabled', 'FALSE', undefined],
])('a disk on a %s with %s = %s', (type, key, value, untracked) => {
  const extra = `<val><OptionValue><key>${key}</key><value>${value}</value></OptionValue></val>`;
  const [found] = readDisks(parseXml(devices(controller(1000, type), disk({ unit: 1 }))), parseXml(extra));
  expect(found?.untracked).toBe(untracked);
});

it('takes an empty change id for none', () => {
  expect(one({ changeId: '' })).not.toHaveProperty('changeId');
});

it('takes no device for a disk that is none, and no devices at all', () => {
  expect(read(controller(1000))).toEqual([]);
  expect(readDisks(undefined)).toEqual([]);
});
