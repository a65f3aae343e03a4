import type { Random } from '../../io/ports.ts';

/** Where change tracking of a disk stands: an epoch, and the period in which writes are counted now. */
export interface Tracking {
  /** "52 de c0 d9 b9 43 9d 10-61 d5 4c 1b e9 7b 65 63" */
  epoch: string;
  period: number;
}

/** A new epoch: change ids of earlier ones are refused from here on. */
export function newTracking(random: Random): Tracking {
  const hex = [...random.bytes(16)].map(byte => byte.toString(16).padStart(2, '0'));
  return { epoch: `${hex.slice(0, 8).join(' ')}-${hex.slice(8).join(' ')}`, period: 1 };
}

export const changeId = (tracking: Tracking): string => `${tracking.epoch}/${tracking.period}`;

/** Undefined for text that is not a change id. */
export function parseChangeId(text: string): Tracking | undefined {
  const match = /^((?:[0-9a-f]{2} ){7}[0-9a-f]{2}-(?:[0-9a-f]{2} ){7}[0-9a-f]{2})\/(\d{1,9})$/.exec(text);
  return match ? { epoch: match[1]!, period: Number(match[2]) } : undefined;
}
