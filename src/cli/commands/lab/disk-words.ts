import { Failure, given } from '../../../diagnostics/diagnostic.ts';

/** The number of a disk, from 0. */
export function parseIndex(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new Failure(
    given('bad-index', `${text} is not a disk index`, { hint: 'disks count from 0, as in disk-0.raw' }),
  );
}

/** Bytes from `64MiB`, `1GiB`, `4096`. */
export function parseSize(text: string): number {
  const match = /^(\d+)\s*(KiB|MiB|GiB)?$/i.exec(text);
  if (!match)
    throw new Failure(given('bad-size', `${text} is not a size`, { hint: 'write it like 64MiB or 1GiB' }));
  const unit = { kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30 }[(match[2] ?? '').toLowerCase()] ?? 1;
  return Number(match[1]) * unit;
}
