import { Failure, world } from '../diagnostics/diagnostic.ts';
import { own } from '../diagnostics/own-words.ts';

/** Numbers of errors that NBD has, by their names in its specification. */
const errors: Readonly<Record<number, string>> = {
  1: 'EPERM',
  5: 'EIO',
  12: 'ENOMEM',
  22: 'EINVAL',
  28: 'ENOSPC',
  75: 'EOVERFLOW',
  95: 'ENOTSUP',
  108: 'ESHUTDOWN',
};

export const errorName = (number: number): string => errors[number] ?? `error ${number}`;

/** An error of a structured reply: its name, and the server's own words. */
export function errorIn(data: Buffer): string {
  const said = data.length >= 6 ? data.subarray(6, 6 + data.readUInt16BE(4)).toString() : '';
  const name = errorName(data.length >= 4 ? data.readUInt32BE(0) : 0);
  return said ? `${name}, ${said}` : name;
}

export const cannotRead = (of: string, offset: number, said: string): Failure =>
  new Failure(
    world('nbd-read', own`${of} can't be read at byte ${offset}: ${said}.`, {
      hint: 'The datastore, or the host that serves it, can not read there; its log says more.',
    }),
  );

export const cannotWrite = (of: string, why: string): Failure =>
  new Failure(
    world('nbd-write', own`${of} can't be written: ${why}.`, {
      hint: 'The datastore, or the host that serves it, can not write there; its log says more.',
    }),
  );

export const ended = (of: string, cause: Error): Failure =>
  new Failure(
    world('nbd-ended', own`The connection that ${of} is served over ended: ${why(cause)}.`, {
      hint: 'Run again; what was uploaded to a repository by then is not uploaded a second time.',
    }),
    { cause },
  );

const why = (error: Error): string => (error.cause instanceof Error ? error.cause.message : error.message);

export const strange = (of: string, what: string): Failure =>
  new Failure(
    world('nbd-protocol', own`What serves ${of} doesn't speak NBD as it should: ${what}.`, {
      hint: 'nbdkit 1.24 or newer is expected to serve it.',
    }),
  );
