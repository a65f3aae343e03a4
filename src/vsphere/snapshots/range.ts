import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { VimFault } from '../soap/faults.ts';
import type { Session } from '../soap/soap-session.ts';

/** Bytes of a file on a datastore from `start` on, as many as `target` has. */
export interface Range {
  /** Encoded path and query. */
  path: string;
  /** Which disk, for messages. */
  of: string;
  start: number;
  target: Buffer;
  /** What the whole file must measure. Bytes. */
  size: number;
}

/**
 * One Range request (RFC 9110 section 14). Believes only a 206 whose Content-Range is exactly what
 * was asked, of a file of exactly the expected size, and whose body has exactly that length.
 * @throws VimFault NotAuthenticated when the session has ended
 * @throws Failure `vsphere-bad-range` for what may pass when read again; others for what won't
 */
export async function readRange(session: Session, range: Range, signal?: AbortSignal): Promise<void> {
  const { path, start, target } = range;
  const answer = await session.get({
    path,
    headers: { range: `bytes=${start}-${start + target.length - 1}`, 'accept-encoding': 'identity' },
    signal,
  });
  const problem = answer.status === 206 ? wrongRange(answer.headers, range) : refusal(answer.status, range);
  if (problem) {
    answer.discard();
    throw problem;
  }
  const length = await answer.fill(target);
  if (length !== target.length) throw bad(range, `${length} bytes came instead of ${target.length}`);
}

function wrongRange(headers: NodeJS.Dict<string | string[]>, range: Range): Failure | undefined {
  const { start, target, size, of } = range;
  const stated = String(headers['content-range'] ?? '');
  const total = /\/(\d+)$/.exec(stated)?.[1];
  if (total !== undefined && Number(total) !== size) {
    return unreadable(
      `The file of ${of} has ${total} bytes, but the disk has ${size}.`,
      'It is not a plain flat file, or the disk was resized after the snapshot; the next cycle tells.',
    );
  }
  if (headers['content-encoding']) return bad(range, 'the answer is compressed');
  return stated === `bytes ${start}-${start + target.length - 1}/${size}`
    ? undefined
    : bad(range, `its Content-Range is '${stated}'`);
}

function refusal(status: number, range: Range): Error {
  const { of, size } = range;
  switch (status) {
    case 401:
      return new VimFault('NotAuthenticated', 'HTTP 401', undefined);
    case 200:
      return unreadable(
        `The datastore's HTTPS service ignores ranges and would send all ${size} bytes of ${of} for every read.`,
        'Connect to the server without the proxy that strips Range, or exclude the disk.',
      );
    case 403:
      return new Failure(
        world('vsphere-permission', `The user may not read the file of ${of} (HTTP 403).`, {
          hint: 'Give it VirtualMachine.Provisioning.GetVmFiles on the VM and Datastore.Browse on that datastore; `converge doctor` says which is missing. Where both are there, it is Datastore.FileManagement (low level file operations).',
        }),
      );
    case 404:
      return unreadable(
        `The file of ${of} is not on the datastore.`,
        'vSAN and vVol datastores have no flat files, and a Storage vMotion moves them; run again, or exclude the disk.',
      );
    case 416:
      return unreadable(
        `The file of ${of} is shorter than the disk, which has ${size} bytes.`,
        'It is not a plain flat file; exclude the disk.',
      );
    default:
      return bad(range, `HTTP ${status}`);
  }
}

const unreadable = (message: string, hint: string): Failure =>
  new Failure(world('datastore-unreadable', message, { hint }));

const bad = ({ of, start }: Range, what: string): Failure =>
  new Failure(
    world('vsphere-bad-range', `A read of ${of} at byte ${start} went wrong: ${what}.`, {
      hint: 'The host may have the file locked or be overloaded, or a proxy is in between; run again.',
    }),
  );
