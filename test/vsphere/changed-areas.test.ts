import { describe, expect, it } from 'vitest';
import { ChangeIdRejected, type SourceDisk } from '../../src/replication/model/source.ts';
import { queryChangedAreas } from '../../src/vsphere/snapshots/changed-areas.ts';
import { moref } from '../../src/vsphere/soap/moref.ts';
import { connected, failureOf, fault, type Reply } from './scripted-server.ts';

const vm = { moref: moref('VirtualMachine', 'vm-1'), name: 'dc02' };
const snapshot = { moref: 'snapshot-70', name: 's', created: 0, quiesced: false };
const disk: SourceDisk = { key: 2000, index: 0, label: 'Hard disk 1', identity: 'x', capacity: 1 << 20 };
const ID = '52 de c0 d9 b9 43 9d 10-61 d5 4c 1b e9 7b 65 63/81';

async function ask(reply: Reply, startOffset = 0) {
  const { server, session } = await connected({ QueryChangedDiskAreas: () => reply });
  return { server, answer: queryChangedAreas(session, vm, snapshot, disk, startOffset, ID) };
}
const info = (startOffset: string, length: string, ...areas: [start: string, length: string][]) =>
  `<returnval><startOffset>${startOffset}</startOffset><length>${length}</length>${areas
    .map(([s, l]) => `<changedArea><start>${s}</start><length>${l}</length></changedArea>`)
    .join('')}</returnval>`;

it('asks with the parameters of the API in its order, and reads one page', async () => {
  const { server, answer } = await ask(info('65536', '131072', ['65536', '4096'], ['98304', '512']), 65536);
  expect(await answer).toEqual({
    startOffset: 65536,
    length: 131072,
    areas: [
      { start: 65536, length: 4096 },
      { start: 98304, length: 512 },
    ],
  });
  // QueryChangedDiskAreasRequestType: _this, snapshot, deviceKey, startOffset, changeId.
  expect(server.received.at(-1)!.body).toContain(
    `<QueryChangedDiskAreas xmlns="urn:vim25"><_this type="VirtualMachine">vm-1</_this><snapshot type="VirtualMachineSnapshot">snapshot-70</snapshot><deviceKey>2000</deviceKey><startOffset>65536</startOffset><changeId>${ID}</changeId></QueryChangedDiskAreas>`,
  );
});

it('takes a page without areas for what it is: nothing changed there', async () => {
  const { answer } = await ask(info('0', '524288'));
  expect(await answer).toEqual({ startOffset: 0, length: 524288, areas: [] });
});

it('keeps offsets above 4 GiB exact', async () => {
  const { answer } = await ask(info('0', '9007199254740991', ['8796093022208', '65536']));
  expect((await answer).areas).toEqual([{ start: 8796093022208, length: 65536 }]);
});

it.each([
  ['that starts elsewhere', info('512', '1024'), /starts at 512, asked was 0/],
  ['of no length', info('0', '0'), /no byte/],
  ['of negative length', info('0', '-1'), /length is negative/],
  ['with a negative area', info('0', '10', ['-5', '3']), /start is negative/],
  ['beyond exact numbers', info('0', '9007199254740993'), /2\^53/],
  ['with words for numbers', info('0', '10', ['x', '3']), /start is not a whole number/],
  ['that is missing', '', /startOffset/],
])('refuses a page %s', async (_, reply, why) => {
  const failure = await failureOf((await ask(reply)).answer);
  expect(failure.diagnostics[0]!.code).toBe('vsphere-malformed-answer');
  expect(failure.message).toMatch(why);
});

describe('a change id that is refused', () => {
  it.each<[string, Reply]>([
    // What Commvault VMW0068 and the VDDK guide describe.
    ['FileFault', fault('FileFault', '<file>/vmfs/volumes/ds/dc02/dc02-ctk.vmdk</file>')],
    ['InvalidArgument on changeId', fault('InvalidArgument', '<invalidProperty>changeId</invalidProperty>')],
    ['InvalidArgument on nothing', fault('InvalidArgument')],
  ])('by %s says to read the disk in full', async (_, reply) => {
    const failure = await failureOf((await ask(reply)).answer);
    expect(failure.cause).toBeInstanceOf(ChangeIdRejected);
    expect(failure.diagnostics[0]).toMatchObject({ code: 'vsphere-change-id-rejected', category: 'world' });
    expect(failure.message).toContain('Hard disk 1 of VM dc02');
  });

  it.each<[string, Reply]>([
    ['startOffset', fault('InvalidArgument', '<invalidProperty>startOffset</invalidProperty>')],
    ['deviceKey', fault('InvalidArgument', '<invalidProperty>deviceKey</invalidProperty>')],
    ['a snapshot that is gone', fault('ManagedObjectNotFound', '<obj type="VirtualMachineSnapshot">s</obj>')],
    [
      'a missing privilege',
      fault('NoPermission', '<privilegeId>VirtualMachine.Provisioning.DiskRandomRead</privilegeId>'),
    ],
  ])('is not meant by a fault about %s', async (_, reply) => {
    const failure = await failureOf((await ask(reply)).answer);
    expect(failure.cause).not.toBeInstanceOf(ChangeIdRejected);
  });
});
