/** Bytes of what is read into buffers: a disk's source, a client of NBD. */
export async function readFrom(
  source: { readInto(target: Buffer, offset: number, signal?: AbortSignal): Promise<void> },
  offset: number,
  length: number,
): Promise<Buffer> {
  // What nobody wrote to shows.
  const target = Buffer.alloc(Math.max(length, 0), 0xee);
  await source.readInto(target, offset);
  return target;
}
