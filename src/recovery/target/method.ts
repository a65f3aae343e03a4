/** A way into EC2, and why that one where it was chosen. */
export interface Way {
  name: 'fast' | 'convert' | 'raw';
  why?: string;
}

/** What `auto` goes by. */
export interface WayFacts {
  /** Which way readiness leaves, as far as it was looked at. */
  readiness: { name: string; why: string };
  /** Of Windows: why no image brings its licence. */
  noShell?: string;
  /** Every disk of the point has its snapshot. */
  warm: boolean;
  /** Why EBS direct can't be used; it isn't asked for what is warm. */
  noEbs?: string;
}

/** Chooses the quickest way that nothing that is known speaks against. */
export function autoWay({ readiness, noShell, warm, noEbs }: WayFacts): Way {
  if (!warm && noEbs !== undefined)
    return { name: 'raw', why: `its disks have no snapshots, and EBS direct can't write them: ${noEbs}` };
  if (readiness.name === 'convert') return { name: 'convert', why: readiness.why };
  if (noShell !== undefined) return { name: 'convert', why: noShell };
  return {
    name: 'fast',
    why: readiness.name === 'fast' ? readiness.why : 'nothing that is known speaks against it',
  };
}
