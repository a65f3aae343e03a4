import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Disk } from '../../disks/disk.ts';
import { SECTOR } from '../../disks/granule.ts';
import type { Machines } from './machines.ts';
import type { Rules } from './rules.ts';
import { DATACENTER, DATASTORE, type DiskState, fileName, type VmState } from './state.ts';

/** Bytes handed on in one piece. */
const CHUNK = 1 << 20;

const NEEDED = new Set(['Datastore.Browse', 'VirtualMachine.Provisioning.GetVmFiles']);

/**
 * `GET /lab/frozen?vm=&snapshot=&file=`: what a snapshot froze of a disk, as the VDDK shows it whatever files
 * it is spread over; without a snapshot the disk as it is, of a VM that is off. `PUT ...&offset=` writes to
 * that. No server has it; it is what a stand-in for nbdkit's plugin reads and writes.
 */
export const FROZEN = '/lab/frozen';

interface StoredFile {
  size: number;
  read(offset: number, length: number): Promise<Buffer>;
  /** Why nobody may read it now. */
  locked?: boolean;
  /** Of the flat file of a disk that has no other. */
  write?(offset: number, bytes: Buffer): Promise<void>;
}

/**
 * Puts the request's content in the place of a file's, and answers with the status. Nobody has verified what
 * real vSphere does with another length; a disk would be broken by it.
 */
async function replaceFile(
  { size, write }: StoredFile,
  rules: Rules,
  request: IncomingMessage,
  offset: number | undefined,
): Promise<number> {
  const isFaulty = rules.strike('read') !== undefined;
  const length = Number(request.headers['content-length']);
  if (!write || isFaulty || (offset === undefined ? length !== size : offset + length > size)) {
    request.resume();
    return 500;
  }
  let at = offset ?? 0;
  for await (const bytes of request) {
    await write(at, bytes as Buffer);
    at += (bytes as Buffer).length;
  }
  return 200;
}

/**
 * Answers `GET` and `HEAD /folder/DIRECTORY/FILE?dcPath=&dsName=`: descriptors, the flat file of a base
 * disk, delta files as they are; and `PUT` of the flat file of a disk without snapshots. The flat file of a
 * powered-on VM without a snapshot is locked.
 */
export async function serveDatastore(
  machines: Machines,
  rules: Rules,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://lab');
  const refuse = (status: number, headers: Record<string, string> = {}) => {
    response.writeHead(status, { 'content-length': '0', ...headers }).end();
  };
  if (rules.all('missing-privilege').some(rule => NEEDED.has(rule.privilege))) return refuse(403);
  const isPut = request.method === 'PUT';
  if (!isPut && request.method !== 'GET' && request.method !== 'HEAD')
    return refuse(405, { allow: 'GET, HEAD, PUT' });
  const frozen = url.pathname === FROZEN ? findFrozen(machines, url.searchParams) : undefined;
  const center = (url.searchParams.get('dcPath') ?? '').replace(/^\//, '');
  const named = center === DATACENTER.name && url.searchParams.get('dsName') === DATASTORE.name;
  const file = named
    ? await findFile(machines, decodeURIComponent(url.pathname).replace(/^\/folder\//, ''))
    : frozen;
  if (!file || (!frozen && rules.all('no-flat-files').length > 0)) return refuse(404);
  if (file.locked) return refuse(500);
  const offset = frozen && isPut ? Number(url.searchParams.get('offset')) : undefined;
  if (isPut) return refuse(await replaceFile(file, rules, request, offset));
  const range = readRange(request.headers.range, file.size);
  if (range === 'unsatisfiable') return refuse(416, { 'content-range': `bytes */${file.size}` });
  const fault = request.method === 'GET' ? rules.strike('read') : undefined;
  if (fault?.how === 'error') return refuse(500);
  const partial = range && fault?.how !== 'whole';
  const { start, end } = partial ? range : { start: 0, end: file.size };
  const sent = fault?.how === 'short' ? Math.floor((end - start) / 2) : end - start;
  response.writeHead(partial ? 206 : 200, {
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
    'content-length': String(sent),
    ...(partial && { 'content-range': `bytes ${start}-${start + sent - 1}/${file.size}` }),
  });
  if (request.method === 'HEAD') return void response.end();
  const cut = fault?.how === 'truncated' ? Math.floor(sent / 2) : sent;
  const garbled = fault?.how === 'garbled';
  await pipeline(Readable.from(contentOf(file, start, cut, garbled)), response, { end: cut === sent }).catch(
    () => {},
  );
  if (cut !== sent) response.destroy();
}

async function* contentOf(
  file: StoredFile,
  start: number,
  length: number,
  garbled: boolean,
): AsyncGenerator<Buffer> {
  for (let done = 0; done < length; done += CHUNK) {
    const bytes = await file.read(start + done, Math.min(CHUNK, length - done));
    if (garbled) for (let at = 0; at < bytes.length; at += SECTOR) bytes[at]! ^= 0xff;
    yield bytes;
  }
}

/** One range of a Range header as half-open offsets; undefined when there is none to honour. */
function readRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  if (match[1] === '') {
    const last = Math.min(Number(match[2]), size);
    return last === 0 ? 'unsatisfiable' : { start: size - last, end: size };
  }
  const start = Number(match[1]);
  const end = match[2] === '' ? size : Math.min(Number(match[2]) + 1, size);
  if (match[2] !== '' && Number(match[2]) < start) return undefined;
  return start >= size ? 'unsatisfiable' : { start, end };
}

function findFrozen(machines: Machines, asked: URLSearchParams): StoredFile | undefined {
  const vm = machines.state.vms.find(({ id }) => id === asked.get('vm'));
  if (vm && !asked.has('snapshot')) return findResting(machines, vm, asked.get('file') ?? '');
  const snapshot = vm?.snapshots.find(({ id }) => id === asked.get('snapshot'));
  // `dc02_1-000003.vmdk` is a file of the disk `dc02_1`, and of no other whose name it begins with.
  const file = asked.get('file')?.replace(/(-\d{6})?\.vmdk$/, '');
  const state = snapshot?.disks.find(({ stem }) => file?.endsWith(`/${stem}`));
  if (!state || !snapshot) return undefined;
  const disk = machines.disk(state.uuid);
  return {
    size: disk.frozen(snapshot.id).capacity,
    read: (offset, length) => disk.readSnapshot(snapshot.id, offset, length),
  };
}

/** The host lets the VDDK open the disks of a VM that is off, and write those that have no snapshot. */
function findResting(machines: Machines, vm: VmState, name: string): StoredFile | undefined {
  const state = vm.disks.find(({ stem }) => name.endsWith(`/${stem}.vmdk`));
  if (!state) return undefined;
  const disk = machines.disk(state.uuid);
  return {
    size: disk.capacity(),
    read: (offset, length) => disk.read(offset, length),
    locked: vm.powerState !== 'poweredOff',
    ...(vm.snapshots.length === 0 && { write: (offset, bytes) => disk.overwrite(offset, bytes) }),
  };
}

async function findFile(machines: Machines, path: string): Promise<StoredFile | undefined> {
  const match = /^([^/]+)\/([^/]+)\.vmdk$/.exec(path);
  const vm = match && machines.state.vms.find(one => one.directory === match[1]);
  if (!match || !vm) return undefined;
  for (const state of vm.disks) {
    const disk = machines.disk(state.uuid);
    for (const layer of disk.layers()) {
      const name = fileName(state, layer);
      if (match[2] === name) return descriptor(state, disk, layer);
      if (match[2] !== `${name}-${layer === 0 ? 'flat' : 'delta'}`) continue;
      const size = await disk.layerSize(layer);
      return {
        size,
        read: (offset, length) => disk.readLayer(layer, offset, length),
        locked: isLocked(vm, disk, layer),
        ...(layer === 0 &&
          disk.layers().length === 1 && {
            write: (offset: number, bytes: Buffer) => disk.overwrite(offset, bytes),
          }),
      };
    }
  }
  return undefined;
}

/** The host holds the file that a running VM writes to. */
const isLocked = (vm: VmState, disk: Disk, layer: number): boolean =>
  vm.powerState === 'poweredOn' && disk.layers().at(-1) === layer;

function descriptor(state: DiskState, disk: Disk, layer: number): StoredFile {
  const layers = disk.layers();
  const parent = layers[layers.indexOf(layer) - 1];
  const cid = (id: number) => `fffffffe${id}`.slice(-8);
  const lines = [
    '# Disk DescriptorFile',
    'version=1',
    'encoding="UTF-8"',
    `CID=${cid(layer)}`,
    `parentCID=${parent === undefined ? 'ffffffff' : cid(parent)}`,
    `createType="${parent === undefined ? 'vmfs' : 'vmfsSparse'}"`,
    ...(parent === undefined ? [] : [`parentFileNameHint="${fileName(state, parent)}.vmdk"`]),
    '',
    '# Extent description',
    `RW ${disk.capacity() / SECTOR} ${parent === undefined ? 'VMFS' : 'VMFSSPARSE'} "${fileName(state, layer)}-${parent === undefined ? 'flat' : 'delta'}.vmdk"`,
    '',
    '# The Disk Data Base',
    '#DDB',
    '',
    'ddb.adapterType = "lsilogic"',
    'ddb.thinProvisioned = "1"',
    `ddb.uuid = "${uuidText(state.uuid)}"`,
    'ddb.virtualHWVersion = "19"',
    '',
  ];
  const bytes = Buffer.from(lines.join('\n'));
  return { size: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) };
}

/** `60 00 C2 9d 7c 84 ...-...`, as descriptors write a UUID. */
const uuidText = (uuid: string): string => {
  const pairs = uuid.replaceAll('-', '').match(/../g)!;
  return `${pairs.slice(0, 8).join(' ')}-${pairs.slice(8).join(' ')}`;
};
