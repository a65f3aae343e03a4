/** What a warm failover asks of AWS: counted on the wire, between the commands and the lab. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { countOf } from '../../test/support/call-counter.ts';
import { recoveryWorld } from '../../test/support/recovery-world.ts';
import { accountLimits } from './account.ts';
import { inProcess } from './in-process.ts';

export interface FailoverResult {
  machines: number;
  disks: number;
  calls: number;
  byAction: Record<string, number>;
  /** Bytes read of packs. */
  packs: number;
  seconds: number;
  /** By action, what the account refused at first. */
  refused: Record<string, number>;
}

/** One plan with so many machines, each with so many disks, all of them warm. */
export async function warmFailover(
  dir: string,
  { machines, disks, limited = false }: { machines: number; disks: number; limited?: boolean },
): Promise<FailoverResult> {
  mkdirSync(dir, { recursive: true });
  const image = join(dir, 'disk.raw');
  const disk = Buffer.alloc(600_064, 7);
  // GRUB and a partition that a BIOS starts: the lab says that it boots, readiness nothing against it.
  disk.write('GRUB', 384, 'latin1');
  disk[446] = 0x80;
  disk[450] = 0x83;
  disk.writeUInt32LE(2048, 454);
  disk.writeUInt16LE(0xaa55, 510);
  writeFileSync(image, disk);
  const account = accountLimits(() => performance.now());
  let counting = false;
  const world = await recoveryWorld({
    dir,
    run: inProcess,
    machines: Array.from({ length: machines }, (_, n) => ({
      name: `vm${n}`,
      disks: Array.from({ length: disks }, () => image),
      target: 'replica: { every: 1h, writer: home }',
    })),
    ...(limited && { refuse: what => (counting ? account.refuse(what) : undefined) }),
  });
  try {
    await world.ok('apply', 'm');
    await world.ok('replicate', '--replica', 'm');
    world.api.clear();
    world.s3.clear();
    counting = true;
    const began = performance.now();
    await world.ok('failover', 'everything', '--test', 'm');
    const { calls } = world.api;
    const packs = world.s3.calls.filter(({ path }) => path.includes('/packs/'));
    return {
      machines,
      disks,
      calls: calls.length,
      byAction: countOf(calls),
      packs: packs.reduce((sum, { bytes }) => sum + bytes, 0),
      seconds: (performance.now() - began) / 1000,
      refused: account.refused,
    };
  } finally {
    await world.close();
  }
}
