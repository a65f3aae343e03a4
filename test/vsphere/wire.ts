import { object, val, XSI } from './scripted-server.ts';

/** What a test says about a disk; everything else is as on a plain VMFS disk of 1 MiB. */
export interface DiskShape {
  key?: number;
  controllerKey?: number;
  unit?: number;
  uuid?: string;
  objectId?: string;
  capacity?: string | undefined;
  capacityInKB?: string;
  changeId?: string;
  mode?: string;
  backing?: string;
  fileName?: string;
  parent?: string;
  more?: string;
}

/** A VirtualDisk device, fields in the order of the API's schema. */
export function disk(shape: DiskShape): string {
  const { key = 2000, controllerKey = 1000, unit = 0 } = shape;
  const capacity = 'capacity' in shape ? shape.capacity : '1048576';
  const uuid = shape.uuid ?? '6000C293-1f1d-4b7a-9d5e-0c1d2e3f4a5b';
  const optional = (name: string, text: string | undefined) =>
    text === undefined ? '' : `<${name}>${text}</${name}>`;
  return `<VirtualDevice xsi:type="VirtualDisk"><key>${key}</key><deviceInfo xsi:type="Description"><label>Hard disk 1</label><summary>1,024 KB</summary></deviceInfo><backing xsi:type="${shape.backing ?? 'VirtualDiskFlatVer2BackingInfo'}"><fileName>${shape.fileName ?? '[ds one] dc02/dc02.vmdk'}</fileName><datastore type="Datastore">datastore-1</datastore><diskMode>${shape.mode ?? 'persistent'}</diskMode><thinProvisioned>true</thinProvisioned>${optional('uuid', uuid || undefined)}${optional('changeId', shape.changeId)}${shape.parent ?? ''}${shape.more ?? ''}</backing><controllerKey>${controllerKey}</controllerKey><unitNumber>${unit}</unitNumber>${optional('capacityInKB', shape.capacityInKB ?? '1024')}${optional('capacityInBytes', capacity)}${optional('diskObjectId', shape.objectId)}</VirtualDevice>`;
}

export const controller = (
  key: number,
  type = 'VirtualLsiLogicController',
  sharedBus = 'noSharing',
): string =>
  `<VirtualDevice xsi:type="${type}"><key>${key}</key><busNumber>0</busNumber><sharedBus>${sharedBus}</sharedBus></VirtualDevice>`;

/** The value of `config.hardware.device`. */
export const devices = (...elements: string[]): string =>
  `<val xmlns:xsi="${XSI}" xsi:type="ArrayOfVirtualDevice">${elements.join('')}</val>`;

export interface SnapshotShape {
  id: string;
  name: string;
  quiesced?: boolean;
  children?: SnapshotShape[];
}

/** The value of a VM's `snapshot` property. */
export const snapshotInfo = (...roots: SnapshotShape[]): string =>
  val('VirtualMachineSnapshotInfo', roots.map(s => snapshotNode(s, 'rootSnapshotList')).join(''));

const snapshotNode = (s: SnapshotShape, element: string): string =>
  `<${element}><snapshot type="VirtualMachineSnapshot">${s.id}</snapshot><vm type="VirtualMachine">vm-1</vm><name>${s.name}</name><description></description><id>1</id><createTime>2026-01-02T03:04:05.678Z</createTime><state>poweredOff</state><quiesced>${s.quiesced ?? false}</quiesced>${(s.children ?? []).map(c => snapshotNode(c, 'childSnapshotList')).join('')}</${element}>`;

/** An answer of RetrievePropertiesEx with one VM. */
export const vmAnswer = (properties: Record<string, string>): string =>
  `<returnval>${object('VirtualMachine', 'vm-1', properties)}</returnval>`;
