import type { Leftover } from '../../adopt/drafts/drafts.ts';

/** One line of the input that became no resource, with its place and why. */
export const leftoverText = ({ file, line, what, why }: Leftover): string =>
  `${file}:${line}: ${what}: ${why}`;
