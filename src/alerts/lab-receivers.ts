import type { LookupAddress } from 'node:dns';
import { type Diagnostic, world } from '../diagnostics/diagnostic.ts';
import { isLoopback } from './addresses.ts';
import { resolved } from './post.ts';

/**
 * The addresses by which a lab may send something to a host; undefined where any of them is not this
 * machine's alone. No resolver is asked for the name of another machine.
 */
export async function labAddresses(host: string, resolve = resolved): Promise<LookupAddress[] | undefined> {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  const found =
    name === 'localhost' ? await resolve(name) : [{ address: name, family: name.includes(':') ? 6 : 4 }];
  return found.length > 0 && found.every(({ address }) => isLoopback(address)) ? found : undefined;
}

/** That something stayed where it was, which is as it should be. */
export const keptInLab = (host: string): Diagnostic => ({
  ...world('alert-kept-in-lab', `not sent: the lab sends nothing to ${host}`, {
    hint: 'a receiver at 127.0.0.1, ::1 or localhost gets what a lab tells; without --lab every one does',
  }),
  severity: 'warning',
});

export const isKeptInLab = ({ code }: Diagnostic): boolean => code === 'alert-kept-in-lab';
