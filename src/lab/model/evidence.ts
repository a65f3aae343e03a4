/** How a behaviour of a stand-in is known to be that of the real thing. */
export interface Evidence {
  behaviour: string;
  /**
   * `verified`: seen with foreign software. `quoted`: documentation, or output of a real one that was
   * published. `believed`: neither; a real one may differ.
   */
  evidence: 'verified' | 'quoted' | 'believed';
  source: string;
}

/** A behaviour in one row. */
export type EvidenceRow = [Evidence['evidence'], behaviour: string, source: string];

export const evidenceOf = (rows: readonly EvidenceRow[]): Evidence[] =>
  rows.map(([evidence, behaviour, source]) => ({ behaviour, evidence, source }));
