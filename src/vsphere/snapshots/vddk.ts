import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { Clock, Processes } from '../../io/ports.ts';
import { type Export, serve } from '../../nbd/nbdkit.ts';
import type { BlockTarget, SourceSnapshot } from '../../replication/model/source.ts';
import type { VmDisk } from '../inventory/devices.ts';
import { textAt } from '../soap/xml.ts';
import { diskOf } from './datastore.ts';

/** The nbdkit of this machine, as a target declares it. */
export interface Nbdkit {
  /** Default `nbdkit`. */
  program?: string;
  /** Default `vddk`. */
  plugin?: string;
  libdir?: string;
  transports?: string;
  compression?: string;
}

/** How the VDDK logs in to the server that snapshots are made on. */
export interface VddkLogin {
  nbdkit: Nbdkit;
  host: string;
  port: number;
  username: string;
  /** Asked for whenever a disk is opened, and kept nowhere but in a file that nbdkit reads at its start. */
  password(): Promise<string>;
  /** SHA-1 of the server's certificate, verified as the target says. */
  thumbprint(): Promise<string>;
  processes: Processes;
  clock: Clock;
}

/** vCenter fails to allocate for larger reads (seen as NFC error 5), and writes go the same way. Bytes. */
const largestPiece = 2 * 1024 * 1024;

/**
 * What nbdkit is told, by the manual of its plugin (nbdkit-vddk-plugin(1)): the snapshot's own file name, VM
 * and snapshot by managed object id, the thumbprint as SHA-1. The password never is an argument.
 *
 * @param snapshot undefined: the disk as it is, of a VM that is off
 */
export function vddkExport(
  vm: { name: string; moref: string },
  snapshot: Pick<SourceSnapshot, 'moref'> | undefined,
  disk: VmDisk,
  login: Pick<VddkLogin, 'nbdkit' | 'host' | 'port' | 'username'>,
  verified: { thumbprint: string; password: string },
): Export {
  const { program = 'nbdkit', plugin = 'vddk', libdir, transports, compression } = login.nbdkit;
  const parameters = {
    server: login.host,
    ...(login.port !== 443 && { port: String(login.port) }),
    user: login.username,
    thumbprint: verified.thumbprint,
    vm: `moref=${vm.moref}`,
    ...(snapshot && { snapshot: snapshot.moref }),
    ...(libdir !== undefined && { libdir }),
    ...(transports !== undefined && { transports }),
    ...(compression !== undefined && { compression }),
    file: textAt(disk.backing, 'fileName') ?? '',
  };
  return {
    of: diskOf(vm.name, disk),
    program,
    plugin: [plugin, ...Object.entries(parameters).map(([name, value]) => `${name}=${value}`)],
    secrets: { password: verified.password },
  };
}

/**
 * Opens the frozen content of a disk of any kind through nbdkit and VMware's VDDK; without a snapshot that of
 * a VM which is off, as it is now.
 *
 * @param way `writable`: it may be written, which takes a VM that is off and without snapshots
 * @throws Failure `nbdkit-failed`, `program-not-started`, `nbd-*`, and `datastore-unreadable` for a disk that
 * a snapshot doesn't freeze or whose size isn't the one that is served
 */
export async function openVddkDisk(
  vm: { name: string; moref: string },
  snapshot: SourceSnapshot | undefined,
  disk: VmDisk,
  login: VddkLogin,
  signal?: AbortSignal,
  way?: { writable: true },
): Promise<Omit<BlockTarget, 'transport'>> {
  const of = diskOf(vm.name, disk);
  if (disk.unprotectable) throw unreadable(of, disk.unprotectable);
  const [thumbprint, password] = await Promise.all([login.thumbprint(), login.password()]);
  const what = vddkExport(vm, snapshot, disk, login, { thumbprint, password });
  const served = await serve({ ...what, ...way }, login, signal);
  const { client } = served;
  if (client.size !== disk.capacity) {
    await served.close();
    throw unreadable(of, `nbdkit serves ${client.size} bytes of it, but it has ${disk.capacity}`);
  }
  return {
    size: client.size,
    readInto: async (target, offset, signal) => {
      const parts: Promise<void>[] = [];
      for (let at = 0; at < target.length; at += largestPiece)
        parts.push(client.readInto(target.subarray(at, at + largestPiece), offset + at, signal));
      await Promise.all(parts);
    },
    write: async (offset, bytes, signal) => {
      const parts: Promise<void>[] = [];
      for (let at = 0; at < bytes.length; at += largestPiece)
        parts.push(client.write(offset + at, bytes.subarray(at, at + largestPiece), signal));
      await Promise.all(parts);
    },
    flush: signal => client.flush(signal),
    status: (start, length, signal) => client.status(start, length, signal),
    close: served.close,
  };
}

const unreadable = (of: string, why: string): Failure =>
  new Failure(
    world('datastore-unreadable', own`${of} can't be read through nbdkit: ${why}.`, {
      hint: 'Exclude the disk with `disks: { exclude: [ ... ] }`, or run again when it was resized just now.',
    }),
  );
