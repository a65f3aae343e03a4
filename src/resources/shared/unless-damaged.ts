import { failedWith } from '../../diagnostics/diagnostic.ts';

/** Undefined for a record that is damaged: what is declared is written anew above it. */
export const unlessDamaged = (read: Promise<unknown>): Promise<unknown> =>
  read.catch(error => {
    if (!failedWith(error, 'damaged-object')) throw error;
  });
