/** Owner and mode of something, as a system call tells them. */
export interface Owned {
  uid: number | bigint;
  /** Permission bits; more bits do no harm. */
  mode: number | bigint;
}

/**
 * Whether a user id is neither root's nor that of whoever runs this. Windows has no such ids: there nothing
 * is foreign.
 */
export function isForeign(uid: number | bigint): boolean {
  const own = process.geteuid?.();
  return own !== undefined && Number(uid) !== 0 && Number(uid) !== own;
}

/** Why others than root and whoever runs this can change it; undefined when they can't. */
export function whyNotOwn({ uid, mode }: Owned): string | undefined {
  if (process.geteuid === undefined) return undefined;
  if (isForeign(uid)) return `it belongs to another user (uid ${uid})`;
  return (Number(mode) & 0o022) !== 0 ? 'others can write to it' : undefined;
}

/**
 * Whether others could put something else under a name in this folder. With the sticky bit, as /tmp has it,
 * nobody takes away what isn't theirs.
 */
export const letsOthersSwap = ({ uid, mode }: Owned): boolean =>
  isForeign(uid) || ((Number(mode) & 0o022) !== 0 && (Number(mode) & 0o1000) === 0);
