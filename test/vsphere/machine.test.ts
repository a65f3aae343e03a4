import pLimit from 'p-limit';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/diagnostics/diagnostic.ts';
import { QuiesceFailed, type SourceMachine } from '../../src/replication/model/source.ts';
import { createMachine } from '../../src/vsphere/client/machine.ts';
import type { InventoryVm } from '../../src/vsphere/inventory/inventory.ts';
import type { Transports } from '../../src/vsphere/snapshots/transport.ts';
import {
  CONTENT,
  connected,
  failureOf,
  fault,
  object,
  type Script,
  type ScriptedServer,
  val,
} from './scripted-server.ts';
import { controller, devices, disk, type SnapshotShape, snapshotInfo, vmAnswer } from './wire.ts';

const VM: InventoryVm = {
  moref: { type: 'VirtualMachine', value: 'vm-1' },
  name: 'dc02',
  uuid: '5012aaaa-0000-4000-8000-000000000001',
  biosUuid: '',
  path: '/DC/vm/dc02',
  datacenter: 'DC',
  folder: '/DC 1/vm',
  template: false,
  snapshots: [],
};
const WISH = { name: 'converge-1', description: 'd', quiesce: true };
const SNAPSHOT = { moref: 'snapshot-70', name: 'converge-1', created: 0, quiesced: false };

const is = (value: string) => val('xsd:boolean', value);
const withSnapshots = (...roots: SnapshotShape[]) => vmAnswer({ snapshot: snapshotInfo(...roots) });
const NONE = vmAnswer({});
const OURS = withSnapshots({ id: 'snapshot-70', name: 'converge-1', quiesced: true });
const TASK = '<returnval type="Task">task-7</returnval>';
const ended = (fields: string) =>
  `<returnval><version>1</version><filterSet><filter type="PropertyFilter">f</filter><objectSet><kind>enter</kind><obj type="Task">task-7</obj><changeSet><name>info</name><op>assign</op>${val('TaskInfo', fields)}</changeSet></objectSet></filterSet></returnval>`;
const MADE = ended(
  '<state>success</state><result type="VirtualMachineSnapshot" xsi:type="ManagedObjectReference">snapshot-70</result>',
);
const DONE = ended('<state>success</state>');
const failed = (type: string, detail = '') =>
  ended(
    `<state>error</state><error><fault xsi:type="${type}">${detail}</fault><localizedMessage>no</localizedMessage></error>`,
  );

async function machine(
  script: Script,
  transports: Partial<Transports> = {},
): Promise<{ server: ScriptedServer; vm: SourceMachine }> {
  const { server, session } = await connected(script);
  const how = { wanted: 'auto' as const, reads: pLimit(4), ...transports };
  return { server, vm: createMachine(session, VM, how, async () => 0) };
}

it('inspects a VM', async () => {
  const { vm } = await machine({
    RetrievePropertiesEx: () =>
      vmAnswer({
        'config.changeTrackingEnabled': is('true'),
        'config.hardware.device': devices(controller(1000), disk({})),
        'capability.changeTrackingSupported': is('true'),
        'runtime.powerState': val('VirtualMachinePowerState', 'poweredOn'),
        'runtime.consolidationNeeded': is('false'),
        snapshot: snapshotInfo(
          { id: 's1', name: 'a', children: [{ id: 's2', name: 'b', quiesced: true }] },
          { id: 's3', name: 'c' },
        ),
      }),
  });
  expect(await vm.inspect()).toMatchObject({
    moref: 'vm-1',
    name: 'dc02',
    uuid: VM.uuid,
    changeTracking: true,
    changeTrackingSupported: true,
    poweredOn: true,
    consolidationNeeded: false,
    disks: [{ key: 2000, capacity: 1_048_576 }],
    snapshots: [
      { moref: 's1', name: 'a', created: Date.UTC(2026, 0, 2, 3, 4, 5, 678), quiesced: false },
      { moref: 's2', name: 'b', quiesced: true },
      { moref: 's3', name: 'c' },
    ],
  });
});

it('looks at the datastores of its disks and files alone, and tells those that are away', async () => {
  const store = (id: string, fields: string) =>
    object('Datastore', id, { summary: val('DatastoreSummary', fields) });
  const room = (name: string, more: string) =>
    `<name>${name}</name><capacity>1000</capacity><freeSpace>10</freeSpace>${more}`;
  const { vm } = await machine({
    RetrievePropertiesEx: () => {
      const properties = {
        'config.hardware.device': devices(
          controller(1000),
          disk({ backing: 'VirtualDiskSeSparseBackingInfo' }),
        ),
        'config.files': val('VirtualMachineFileInfo', '<vmPathName>[home] dc02/dc02.vmx</vmPathName>'),
        'runtime.connectionState': val('VirtualMachineConnectionState', 'orphaned'),
      };
      return `<returnval>${[
        object('VirtualMachine', 'vm-1', properties),
        store('datastore-1', room('ds one', '<accessible>true</accessible><type>vsan</type>')),
        store('datastore-2', room('home', '<accessible>false</accessible><type>NFS</type>')),
        store('datastore-3', room('images', '<accessible>false</accessible><type>NFS</type>')),
      ].join('')}</returnval>`;
    },
  });
  expect(await vm.inspect()).toMatchObject({
    away: expect.stringContaining('knows it no more'),
    disks: [{ datastore: 'ds one', notFlat: expect.stringContaining('SeSparse') }],
  });
  expect(await vm.surroundings()).toMatchObject({
    datastores: [{ name: 'ds one', free: 10, capacity: 1000, kind: 'vsan' }],
    lost: ['home'],
  });
});

describe('privileges', () => {
  const FILES = 'VirtualMachine.Provisioning.GetVmFiles';
  const BROWSE = 'Datastore.Browse';
  const store = '<ManagedObjectReference type="Datastore">datastore-1</ManagedObjectReference>';
  const vddk = {} as NonNullable<Transports['vddk']>;

  /** @param granted of a privilege on `vm-1` or `datastore-1`; undefined: the answer doesn't have it */
  const around = async (
    transports: Partial<Transports>,
    granted: (privilege: string, on: string) => boolean | undefined,
  ) => {
    const manager = '<authorizationManager type="AuthorizationManager">a</authorizationManager>';
    const { vm } = await machine(
      {
        RetrieveServiceContent: () => CONTENT.replace('<sessionManager', `${manager}<sessionManager`),
        RetrievePropertiesEx: () => vmAnswer({ datastore: val('ArrayOfManagedObjectReference', store) }),
        HasPrivilegeOnEntities: ({ body }) => {
          const of = (name: string) =>
            [...body.matchAll(new RegExp(`<${name}[^>]*>([^<]+)`, 'g'))].map(found => found[1]!);
          const said = (on: string) =>
            of('privId').flatMap(id => {
              const is = granted(id, on);
              return is === undefined
                ? []
                : [`<privAvailability><privId>${id}</privId><isGranted>${is}</isGranted></privAvailability>`];
            });
          return of('entities')
            .filter(on => said(on).length > 0)
            .map(on => `<returnval><entity>${on}</entity>${said(on).join('')}</returnval>`)
            .join('');
        },
      },
      transports,
    );
    return vm.surroundings();
  };
  const missing = async (transports: Partial<Transports>) =>
    (await around(transports, id => ![FILES, BROWSE].includes(id))).missing;

  it('of the HTTPS service are needed where it reads, and nothing is by nbdkit', async () => {
    const [files, browse] = [
      { privilege: FILES, on: 'VirtualMachine vm-1' },
      { privilege: BROWSE, on: 'Datastore datastore-1' },
    ];
    expect(await missing({})).toEqual([files, browse]);
    expect(await missing({ wanted: 'datastore', vddk })).toEqual([files, browse]);
    const perhaps = expect.any(String);
    expect(await missing({ wanted: 'auto', vddk })).toEqual([
      { ...files, perhaps },
      { ...browse, perhaps },
    ]);
    expect(await missing({ wanted: 'nbd', vddk })).toEqual([{ ...files, perhaps }]);
    expect((await around({ wanted: 'nbd', vddk }, () => true)).asked).not.toContain(BROWSE);
  });

  it('count as granted where the answer says so, and nowhere else', async () => {
    expect(await around({}, () => true)).not.toHaveProperty('untold');
    expect(await around({}, (_, on) => (on === 'vm-1' ? true : undefined))).toMatchObject({
      missing: [],
      untold: ['Datastore.Browse on Datastore datastore-1'],
    });
    expect((await around({}, id => (id === FILES ? undefined : true))).untold).toEqual([
      `${FILES} on VirtualMachine vm-1`,
    ]);
  });
});

it("takes capacity and change id from the snapshot's config, not the VM's", async () => {
  const { server, vm } = await machine({
    RetrievePropertiesEx: () =>
      vmAnswer({ 'config.hardware.device': devices(disk({ capacity: '512', changeId: 'u/3' })) }),
  });
  expect(await vm.frozen(SNAPSHOT)).toMatchObject({
    snapshot: SNAPSHOT,
    disks: [{ capacity: 512, changeId: 'u/3' }],
  });
  expect(server.received.at(-1)!.body).toContain('<obj type="VirtualMachineSnapshot">snapshot-70</obj>');
});

describe('change tracking', () => {
  const vmWith = (enabled: string, supported: string, more = {}) =>
    vmAnswer({
      'config.changeTrackingEnabled': is(enabled),
      'capability.changeTrackingSupported': is(supported),
      ...more,
    });

  it('is enabled by a reconfiguration', async () => {
    const { server, vm } = await machine({
      RetrievePropertiesEx: () => vmWith('false', 'true'),
      ReconfigVM_Task: () => TASK,
      WaitForUpdatesEx: () => DONE,
    });
    await vm.enableChangeTracking();
    const call = server.received.find(r => r.method === 'ReconfigVM_Task')!;
    expect(call.body).toContain('<spec><changeTrackingEnabled>true</changeTrackingEnabled></spec>');
  });

  it('is left alone when it is on, also with snapshots', async () => {
    const more = { snapshot: snapshotInfo({ id: 's1', name: 'a' }) };
    const { server, vm } = await machine({ RetrievePropertiesEx: () => vmWith('true', 'true', more) });
    await vm.enableChangeTracking();
    expect(server.count('ReconfigVM_Task')).toBe(0);
  });

  it('is refused below snapshots, which are named', async () => {
    const more = {
      snapshot: snapshotInfo({ id: 's1', name: 'before upgrade', children: [{ id: 's2', name: 'b' }] }),
    };
    const { server, vm } = await machine({ RetrievePropertiesEx: () => vmWith('false', 'true', more) });
    const [d] = (await failureOf(vm.enableChangeTracking())).diagnostics;
    expect(d).toMatchObject({ code: 'snapshots-in-the-way', category: 'blocked' });
    expect(d!.message).toContain("dc02 can't be enabled while it has snapshots: 'before upgrade', 'b'");
    expect(server.count('ReconfigVM_Task')).toBe(0);
  });

  it('is refused where the hardware version does not have it', async () => {
    const { vm } = await machine({ RetrievePropertiesEx: () => vmWith('false', 'false') });
    expect((await failureOf(vm.enableChangeTracking())).diagnostics[0]!.code).toBe(
      'change-tracking-unsupported',
    );
  });
});

describe('creating a snapshot', () => {
  it('asks once, without memory, and gives what the server made', async () => {
    const { server, vm } = await machine({
      RetrievePropertiesEx: ({ nth }) => (nth === 0 ? NONE : OURS),
      CreateSnapshot_Task: () => TASK,
      WaitForUpdatesEx: () => MADE,
    });
    expect(await vm.createSnapshot(WISH)).toMatchObject({
      moref: 'snapshot-70',
      name: 'converge-1',
      quiesced: true,
    });
    expect(server.received.find(r => r.method === 'CreateSnapshot_Task')!.body).toContain(
      '<name>converge-1</name><description>d</description><memory>false</memory><quiesce>true</quiesce></CreateSnapshot_Task>',
    );
  });

  it('makes no second one when the answer is lost, but finds the first by its name', async () => {
    const { server, vm } = await machine({
      CreateSnapshot_Task: () => 'cut',
      RetrievePropertiesEx: ({ nth }) => (nth === 0 ? NONE : OURS),
    });
    expect(await vm.createSnapshot(WISH)).toMatchObject({ moref: 'snapshot-70' });
    expect(server.count('CreateSnapshot_Task')).toBe(1);
  });

  it('waits for the running task before it looks', async () => {
    const running = vmAnswer({
      recentTask:
        '<val xsi:type="ArrayOfManagedObjectReference"><ManagedObjectReference type="Task">task-7</ManagedObjectReference></val>',
    });
    const info = vmAnswer({
      info: val(
        'TaskInfo',
        '<descriptionId>VirtualMachine.createSnapshot</descriptionId><state>running</state>',
      ),
    });
    const { server, vm } = await machine({
      CreateSnapshot_Task: () => 'cut',
      RetrievePropertiesEx: ({ nth }) => [NONE, running, info, OURS][nth]!,
      WaitForUpdatesEx: () => MADE,
    });
    await vm.createSnapshot(WISH);
    expect(server.received.slice(-2).map(r => r.method)).toEqual([
      'WaitForUpdatesEx',
      'RetrievePropertiesEx',
    ]);
  });

  it('fails when the answer is lost and there is none', async () => {
    const { vm } = await machine({ CreateSnapshot_Task: () => 'cut', RetrievePropertiesEx: () => NONE });
    expect((await failureOf(vm.createSnapshot(WISH))).diagnostics[0]!.code).toBe('vsphere-connection-lost');
  });

  it('asks again after a new login only when there is none of that name', async () => {
    const { server, vm } = await machine({
      CreateSnapshot_Task: ({ nth }) => (nth === 0 ? fault('NotAuthenticated') : TASK),
      RetrievePropertiesEx: ({ nth }) => (nth < 2 ? NONE : OURS),
      WaitForUpdatesEx: () => MADE,
    });
    await vm.createSnapshot(WISH);
    expect([server.count('Login'), server.count('CreateSnapshot_Task')]).toEqual([2, 2]);
  });

  it.each([
    ['ApplicationQuiesceFault', ''],
    ['FilesystemQuiesceFault', ''],
    ['SnapshotFault', '<faultMessage><key>msg.snapshot.error-QUIESCINGERROR</key></faultMessage>'],
  ])('says that the guest was not quiesced on %s', async (type, detail) => {
    const script = {
      CreateSnapshot_Task: () => TASK,
      RetrievePropertiesEx: () => NONE,
      WaitForUpdatesEx: () => failed(type, detail),
    };
    const quiesced = (await machine(script)).vm.createSnapshot(WISH);
    await expect(quiesced).rejects.toBeInstanceOf(QuiesceFailed);
    await expect(quiesced).rejects.toThrow(/dc02/);
    const plain = (await machine(script)).vm.createSnapshot({ ...WISH, quiesce: false });
    await expect(plain).rejects.toBeInstanceOf(Failure);
  });

  it('takes no other fault for that', async () => {
    const { vm } = await machine({
      CreateSnapshot_Task: () => TASK,
      RetrievePropertiesEx: () => NONE,
      WaitForUpdatesEx: () => failed('InsufficientStorageSpace'),
    });
    const [d] = (await failureOf(vm.createSnapshot(WISH))).diagnostics;
    expect(d!.message).toContain('create a snapshot of VM dc02: InsufficientStorageSpace');
    expect(d!.hint).toContain('Free space');
  });

  it('leaves none behind when it is aborted too late to be cancelled', async () => {
    const stop = new AbortController();
    const { server, vm } = await machine({
      RetrievePropertiesEx: ({ nth }) => (nth === 0 ? NONE : OURS),
      CreateSnapshot_Task: () => {
        stop.abort(new Error('interrupted'));
        return TASK;
      },
      CancelTask: () => fault('NotSupported'),
      WaitForUpdatesEx: () => MADE,
      RemoveSnapshot_Task: () => TASK,
    });
    await expect(vm.createSnapshot(WISH, stop.signal)).rejects.toThrow('interrupted');
    const removal = server.received.find(r => r.method === 'RemoveSnapshot_Task')!;
    expect(removal.body).toContain('<_this type="VirtualMachineSnapshot">snapshot-70</_this>');
  });
});

describe('removing a snapshot', () => {
  it('keeps its children, consolidates, and waits for the end', async () => {
    const { server, vm } = await machine({ RemoveSnapshot_Task: () => TASK, WaitForUpdatesEx: () => DONE });
    await vm.removeSnapshot(SNAPSHOT);
    expect(server.received.find(r => r.method === 'RemoveSnapshot_Task')!.body).toContain(
      '<removeChildren>false</removeChildren><consolidate>true</consolidate></RemoveSnapshot_Task>',
    );
    expect(server.count('WaitForUpdatesEx')).toBe(1);
  });

  it.each<[string, 'removed' | 'gone', Script]>([
    ['is gone already', 'gone', { RemoveSnapshot_Task: () => fault('ManagedObjectNotFound') }],
    [
      'went while the task ran',
      'removed',
      { RemoveSnapshot_Task: () => TASK, WaitForUpdatesEx: () => failed('ManagedObjectNotFound') },
    ],
    ['went although every answer was lost', 'removed', { RemoveSnapshot_Task: () => 'cut' }],
    [
      'went with a task that the server forgot',
      'removed',
      { RemoveSnapshot_Task: () => TASK, CreateFilter: () => fault('ManagedObjectNotFound') },
    ],
  ])('is content when it %s, and tells', async (_, outcome, script) => {
    const { vm } = await machine({ RetrievePropertiesEx: () => NONE, ...script });
    expect(await vm.removeSnapshot(SNAPSHOT)).toBe(outcome);
  });

  it('fails when the server says so and the snapshot is still there', async () => {
    const { vm } = await machine({
      RemoveSnapshot_Task: () => TASK,
      WaitForUpdatesEx: () => failed('ManagedObjectNotFound'),
      RetrievePropertiesEx: () => OURS,
    });
    const failure = await failureOf(vm.removeSnapshot(SNAPSHOT));
    expect(failure.message).toContain("remove snapshot 'converge-1' of VM dc02");
  });

  it('says that the VM is gone when it is', async () => {
    const { vm } = await machine({
      RemoveSnapshot_Task: () => fault('ManagedObjectNotFound'),
      RetrievePropertiesEx: () => fault('ManagedObjectNotFound'),
    });
    expect((await failureOf(vm.removeSnapshot(SNAPSHOT))).message).toContain('ManagedObjectNotFound');
  });
});

it('consolidates and waits', async () => {
  const { server, vm } = await machine({ ConsolidateVMDisks_Task: () => TASK, WaitForUpdatesEx: () => DONE });
  await vm.consolidate();
  expect([server.count('ConsolidateVMDisks_Task'), server.count('WaitForUpdatesEx')]).toEqual([1, 1]);
});
