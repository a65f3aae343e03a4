import { blockCount, blockLength } from '../../src/replication/format/blocks.ts';

/** A disk as bytes that are mostly zero: the model that a repository is compared with. */
export class SparseDisk {
  bytes: number;
  readonly blockSize: number;
  readonly blocks: Map<number, Buffer>;

  constructor(bytes: number, blockSize: number, blocks = new Map<number, Buffer>()) {
    this.bytes = bytes;
    this.blockSize = blockSize;
    this.blocks = blocks;
  }

  block(n: number): Buffer {
    const content = Buffer.alloc(blockLength(this, n));
    this.blocks.get(n)?.copy(content);
    return content;
  }

  /** Writes what fits and gives the numbers of the blocks touched. */
  write(offset: number, content: Buffer): number[] {
    const touched: number[] = [];
    const fits = content.subarray(0, Math.max(0, this.bytes - offset));
    for (let done = 0; done < fits.length; ) {
      const n = Math.floor((offset + done) / this.blockSize);
      const block = this.block(n);
      done += fits.copy(block, (offset + done) % this.blockSize, done);
      this.blocks.set(n, block);
      touched.push(n);
    }
    return touched;
  }

  /** Cuts, or adds zeros. */
  resize(bytes: number): void {
    this.bytes = bytes;
    const count = blockCount(bytes, this.blockSize);
    for (const n of [...this.blocks.keys()])
      if (n >= count) this.blocks.delete(n);
      else this.blocks.set(n, this.block(n));
  }

  copy(): SparseDisk {
    return new SparseDisk(this.bytes, this.blockSize, new Map(this.blocks));
  }
}
