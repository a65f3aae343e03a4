import type { ProcessId } from '../../io/handles/process-table.ts';

/** Who holds a lease, for messages and for telling whether it still lives. */
export interface Holder extends ProcessId {
  /** Unique per cycle. */
  id: string;
}

/** The lease object of a VM. It stays after a release, so that epochs only ever grow. */
export interface LeaseValue {
  lease: 1;
  epoch: number;
  holder: Holder;
  /** The intent: whose snapshot may be found at the source. */
  cycle: string;
  snapshot: string;
  /** Milliseconds since the epoch by the store's clock as the holder knows it; 0 once released. */
  expires: number;
  /** Of the newest complete point when this was written: a VM with fewer has lost some. 0: none yet. */
  generation?: number;
  /** The cycle that wrote it has made no point yet: it may leave packs that nothing refers to. */
  unfinished?: true;
  /** Ids of packs that dead cycles left and that this one may refer to. Nobody may remove them. */
  claims?: string[];
}
