/**
 * CPU seconds per GB (1e9 bytes) of plaintext that a block costs to become a section and to be read back, id
 * included, on one thread: `node bench/sections.ts`. Incompressible and compressible blocks of 64 KiB.
 */
import { randomBytes } from 'node:crypto';
import { PACK_ROOM, packBuilder } from '../src/replication/format/pack-object.ts';
import { sealerFor } from '../src/replication/format/sealing.ts';
import { vaultOf } from '../src/replication/format/vault.ts';

const BLOCK = 64 * 1024;
const BLOCKS = 256;
const ROUNDS = 7;
const KEY = 'vms/x/packs/ab/x';
const ID = 'ab'.repeat(16);

const noise = Array.from({ length: BLOCKS }, () => randomBytes(BLOCK));
const text = noise.map(block => Buffer.from(block.toString('hex').slice(0, BLOCK)));

/** CPU seconds of this process that `work` takes. */
function cpu(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

for (const [name, master] of [
  ['plain', undefined],
  ['encrypted', Buffer.alloc(32, 7)],
] as const)
  for (const [kind, blocks] of [
    ['noise', noise],
    ['hex text', text],
  ] as const) {
    const vault = vaultOf(master);
    const room = Buffer.allocUnsafeSlow(PACK_ROOM);
    const up: number[] = [];
    const down: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const builder = packBuilder(vault, KEY, ID, room);
      const spans: { id: Buffer; offset: number; length: number }[] = [];
      up.push(
        cpu(() => {
          for (const block of blocks) {
            const id = vault.blockId(block);
            spans.push({ id, ...builder.add(id, block) });
          }
        }),
      );
      const bytes = builder.finish();
      const sealer = sealerFor(vault, 'pack', KEY, Buffer.from(ID, 'hex'));
      down.push(
        cpu(() => {
          for (const { id, offset, length } of spans) {
            const stored = bytes.subarray(offset, offset + length);
            sealer.openBlock(offset, stored, BLOCK, id, { into: stored });
          }
        }),
      );
    }
    const perGb = (values: number[]) => ((median(values) * 1e9) / (BLOCK * BLOCKS)).toFixed(2);
    process.stdout.write(`${name}, ${kind}: ${perGb(up)} s/GB to seal, ${perGb(down)} s/GB to open\n`);
  }
