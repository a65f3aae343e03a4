/** What a change id says: ids of one epoch can be compared, those of two can't. */
export interface ChangeId {
  /** UUID, 32 lower-case hex digits: renewed when tracking starts over. */
  epoch: string;
  sequence: bigint;
}

/**
 * Reads `52 de c0 d9 b9 43 9d 10-61 d5 4c 1b e9 7b 65 63/81`: sixteen bytes in hex, however they are
 * spaced, a slash and a decimal counter (the form of `VirtualDisk*BackingInfo.changeId` in the
 * vSphere API). Undefined for anything else: the caller then compares the whole disk.
 */
export function parseChangeId(text: string): ChangeId | undefined {
  const [, spaced, sequence] = /^([0-9a-f -]+)\/(\d{1,20})$/i.exec(text.trim()) ?? [];
  const epoch = spaced?.replace(/[ -]/g, '').toLowerCase();
  if (epoch?.length !== 32 || sequence === undefined) return undefined;
  return { epoch, sequence: BigInt(sequence) };
}
