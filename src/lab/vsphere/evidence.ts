import { type EvidenceRow, evidenceOf } from '../model/evidence.ts';

const API = 'vSphere Web Services API reference, as carried in govmomi v0.56.0 vim25/types';
const GOVC = 'govc (govmomi v0.56.0) in test/peers/vsphere-lab.test.ts';
const PYVMOMI = 'pyvmomi 6.7.1 in test/peers/vsphere-lab.test.ts';

const AUTOMATION = 'vSphere Automation API reference: cis session, cis tagging';

const rows: EvidenceRow[] = [
  [
    'quoted',
    'guest id, firmware, bootOptions with efiSecureBootEnabled and bootOrder, a VirtualTPM, cards of type VirtualVmxnet3 from key 4000 on, and guest.net with deviceConfigId',
    API,
  ],
  [
    'verified',
    'envelopes, login, logout, cookies, traversal and property values are understood',
    `${GOVC}; ${PYVMOMI}`,
  ],
  [
    'verified',
    'faults are in `detail` as XFault with xsi:type X, over HTTP 500, and are typed by clients',
    `${GOVC}; ${PYVMOMI}`,
  ],
  ['verified', 'vimServiceVersions.xml with prior versions lets an old client choose its own', PYVMOMI],
  ['verified', 'info.name of a task is the name of its method (`RemoveSnapshot_Task`)', PYVMOMI],
  [
    'verified',
    'a task is awaited with CreateFilter and WaitForUpdates or WaitForUpdatesEx',
    `${GOVC}; ${PYVMOMI}`,
  ],
  ['verified', '/folder/PATH?dcPath=&dsName= downloads a file with the session cookie', GOVC],
  [
    'verified',
    'folders of VMs are walked, and a VM is in the folder that it was made in or moved to',
    `${GOVC}: ls, find`,
  ],
  [
    'verified',
    'tags and categories are listed and read below /rest with answers in `value`, and attached VMs by tag',
    `${GOVC}: tags.ls, tags.info, tags.attached.ls`,
  ],
  [
    'quoted',
    'below /api the same calls answer without `value`, a login with 201 and the token as JSON text',
    AUTOMATION,
  ],
  ['quoted', 'the token goes into the header vmware-api-session-id', AUTOMATION],
  [
    'believed',
    'a session of the Automation API ends after 30 minutes of silence, as one of the SOAP API does',
    'the setting of a real server may differ',
  ],
  [
    'believed',
    'a category is there while it has a tag',
    'a limit of the stand-in, whose tags are made by `converge lab tag`',
  ],
  [
    'verified',
    'ImportVApp of a VirtualMachineImportSpec answers with an HttpNfcLease, which becomes ready with the URL of each disk',
    'vcsim (govmomi v0.56.0)',
  ],
  [
    'quoted',
    'a device of an import is called /VM/CONTROLLERbus:unit, `*` is the server itself, a lease ends 300 seconds after the last HttpNfcLeaseProgress',
    API,
  ],
  [
    'believed',
    'what was made goes with a lease that ends, and Destroy_Task is TaskInProgress before',
    'nobody has seen it on a real server',
  ],
  ['verified', 'Login on a session that is logged in is InvalidLogin', 'vcsim (govmomi v0.56.0)'],
  ['verified', 'every field that is sent exists in version 6.7.1 of the API', PYVMOMI],
  [
    'quoted',
    'QueryChangedDiskAreas needs Provisioning.DiskRandomRead, consolidation needs State.RemoveSnapshot',
    'pyvmomi 6.7.1 ServerObjects: privileges of the methods',
  ],
  [
    'believed',
    'without Datastore.Browse or Provisioning.GetVmFiles a datastore read is 403',
    'the status is a guess',
  ],
  [
    'quoted',
    'changeTrackingEnabled takes effect at power on, or at a snapshot operation',
    `${API}: VirtualMachineConfigSpec`,
  ],
  [
    'quoted',
    'QueryChangedDiskAreas answers for a part of the disk, possibly without any area; ask on from startOffset + length',
    `${API}: DiskChangeInfo`,
  ],
  [
    'quoted',
    'without a snapshot it works for powered-off machines only',
    `${API}: QueryChangedDiskAreasRequestType`,
  ],
  ['quoted', 'a change id from before tracking began is a FileFault', `${API}: QueryChangedDiskAreas`],
  [
    'quoted',
    'the base disk is frozen and writes go to NAME-000001.vmdk while a snapshot exists',
    `${API}: VirtualDiskFlatVer2BackingInfo.parent`,
  ],
  [
    'quoted',
    'a change id is an epoch UUID and a sequence number',
    'Virtual Disk Development Kit guide, changed block tracking',
  ],
  ['quoted', 'tracking needs a machine without snapshots when it is switched on', 'VMware KB 1020128'],
  [
    'believed',
    'switching tracking on under a snapshot is accepted, and begins when the last snapshot is gone',
    'follows from KB 1020128; the API reference does not say',
  ],
  [
    'believed',
    'the snapshot whose stun begins tracking carries a change id already',
    'the development kit guide’s order of steps implies it',
  ],
  [
    'believed',
    'the change id of the running disk is the last closed period',
    'makes a query from it report too much, never too little',
  ],
  ['believed', 'a power loss begins a new epoch', 'tracking is kept in memory while a machine runs'],
  ['believed', 'a change id of a later period than the snapshot’s is a FileFault', 'no source'],
  ['believed', 'a page holds at most 2000 areas', 'containerized-data-importer PR 3534 met 2000'],
  [
    'believed',
    'tracking is 64 KiB fine on disks of any size',
    'finer and coarser granularity exists on real hosts',
  ],
  [
    'believed',
    '`*` gives the allocated areas, of a thin disk on VMFS',
    'VMware KB 320557 names the conditions',
  ],
  [
    'believed',
    'the flat file of a running machine without a snapshot answers 500',
    'VMFS locks it; the status is a guess',
  ],
  [
    'believed',
    'a delta’s flat name is 404 and its delta file is served as raw bytes',
    'real deltas are sparse files of two formats, which no client here reads',
  ],
  [
    'believed',
    'a second operation on a busy machine is TaskInProgress at the call, not in the task',
    'the API reference lists it as a fault of the method',
  ],
  ['believed', 'a session ends after 30 minutes of silence', 'vCenter default setting'],
  [
    'believed',
    'the datastore accepts HTTP Basic besides the session cookie',
    'Xen Orchestra’s vmware-explorer reads that way',
  ],
  [
    'believed',
    'a property that was never given is unset, also below the first step of a path',
    'a real server refuses unknown names at any depth',
  ],
  [
    'believed',
    'a snapshot operation that its client did not wait for is completed',
    'the host does it; here when the lab is opened again',
  ],
  [
    'believed',
    'independent disks are left out of snapshots, and a query for one is InvalidArgument',
    'KB 320557 for the first; the fault is a guess',
  ],
  [
    'believed',
    'ReconfigVM_Task takes changeTrackingEnabled, name and extraConfig (ignored); all else is NotSupported',
    'a limit of the stand-in',
  ],
  ['believed', 'a method that is not known is MethodNotFound', 'vcsim answers so'],
];

/** What this stand-in does, and how far each of it can be trusted. */
export const evidence = evidenceOf(rows);
