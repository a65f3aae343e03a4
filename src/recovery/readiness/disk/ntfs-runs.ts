import { type Extent, Unreadable } from '../bytes/disk-bytes.ts';

/** Pieces of one file that are followed. */
const mostRuns = 65_536;

/**
 * Where the clusters of a non-resident attribute lie: its list of runs, ascending, from cluster `first` of
 * the attribute on. A run without a place is a hole, which reads as zeros.
 *
 * Each begins with a byte whose low half says how many bytes its length has, and whose high half how many the
 * distance from the place of the run before has, which is signed; 0 ends them. Source: the format's published
 * descriptions, "data runs".
 *
 * @param clusters of the volume: a run that leads elsewhere is refused
 * @throws Unreadable
 */
export function runsIn(list: Buffer, first: number, cluster: number, clusters: number): Extent[] {
  const found: Extent[] = [];
  let [at, vcn, place] = [0, first, 0];
  for (;;) {
    const header = list[at] ?? 0;
    if (header === 0) return found;
    const [lengthBytes, placeBytes] = [header & 15, header >> 4];
    const next = at + 1 + lengthBytes + placeBytes;
    if (lengthBytes === 0 || lengthBytes > 6 || placeBytes > 6 || next > list.length) throw damaged();
    const length = list.readUIntLE(at + 1, lengthBytes);
    if (length === 0 || vcn + length > Number.MAX_SAFE_INTEGER / cluster) throw damaged();
    if (placeBytes > 0) {
      place += list.readIntLE(at + 1 + lengthBytes, placeBytes);
      if (place < 0 || place + length > clusters) throw damaged();
    }
    found.push({
      offset: vcn * cluster,
      length: length * cluster,
      ...(placeBytes > 0 && { at: place * cluster }),
    });
    if (found.length > mostRuns) throw new Unreadable(`a file has more than ${mostRuns} pieces`);
    vcn += length;
    at = next;
  }
}

const damaged = (): Unreadable => new Unreadable("a file's list of runs is damaged");
