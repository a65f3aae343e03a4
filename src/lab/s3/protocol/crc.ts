/** Reflected CRCs that node has no native code for. Values are the running register, not inverted. */

function table32(polynomial: number): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    return crc;
  });
}

/** Castagnoli, reflected polynomial 0x82F63B78. */
const castagnoli = table32(0x82f63b78);

/** CRC-32C of `data` going on from `crc` (0 to begin with). Unsigned 32 bit. */
export function crc32c(data: Uint8Array, crc = 0): number {
  let register = ~crc;
  for (let i = 0; i < data.length; i++) {
    register = (register >>> 8) ^ (castagnoli[(register ^ (data[i] ?? 0)) & 0xff] ?? 0);
  }
  return ~register >>> 0;
}

/** CRC-64/NVME, reflected polynomial 0x9A6C9329AC4BC9B5, as two 32-bit halves: BigInt is far slower. */
const nvme = (() => {
  const high = new Int32Array(256);
  const low = new Int32Array(256);
  const polynomial = 0x9a6c9329ac4bc9b5n;
  for (let byte = 0; byte < 256; byte++) {
    let crc = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ polynomial : crc >> 1n;
    high[byte] = Number(crc >> 32n) | 0;
    low[byte] = Number(crc & 0xffffffffn) | 0;
  }
  return { high, low };
})();

/** State of a CRC-64/NVME that is fed piece by piece. */
export class Crc64Nvme {
  #high = -1;
  #low = -1;
  update(data: Uint8Array): void {
    let high = this.#high;
    let low = this.#low;
    for (let i = 0; i < data.length; i++) {
      const at = (low ^ (data[i] ?? 0)) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ (nvme.low[at] ?? 0);
      high = (high >>> 8) ^ (nvme.high[at] ?? 0);
    }
    this.#high = high;
    this.#low = low;
  }
  /** 8 bytes, big endian. */
  digest(): Buffer {
    const out = Buffer.alloc(8);
    out.writeInt32BE(~this.#high, 0);
    out.writeInt32BE(~this.#low, 4);
    return out;
  }
}
