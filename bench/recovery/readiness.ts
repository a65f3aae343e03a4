/** How long readiness takes for many machines, the first time and when their findings are known. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goldenDisks } from '../../test/recovery/readiness/golden.ts';
import { recoveryWorld } from '../../test/support/recovery-world.ts';
import { inProcess } from './in-process.ts';

/**
 * From the command to its end: seconds by the clock, and of CPU, the lab's in the same process among them.
 */
export interface Took {
  seconds: number;
  cpu: number;
}

export interface ReadinessResult {
  machines: number;
  /** With nothing known, and then each time that it was asked again. */
  cold: Took;
  known: Took[];
  /** Of one that knew: calls of AWS but S3, and of S3. */
  calls: number;
  s3: number;
  /** What the cold one read of packs, bytes. */
  packs: number;
}

/** Half of them Debian with an initramfs, half Windows with a file of its guest on NTFS. */
export async function readiness(dir: string, machines: number, rounds: number): Promise<ReadinessResult> {
  mkdirSync(dir, { recursive: true });
  const golden = await goldenDisks();
  const systems = [
    { disk: 'debian-bios', guest: 'debian12_64Guest', target: '' },
    { disk: 'windows-files', guest: 'windows2019srv_64Guest', target: 'license: aws' },
  ].map(system => {
    const path = join(dir, `${system.disk}.raw`);
    writeFileSync(path, golden.get(system.disk)!);
    return { ...system, path };
  });
  const world = await recoveryWorld({
    dir,
    run: inProcess,
    machines: Array.from({ length: machines }, (_, n) => {
      const { path, guest, target } = systems[n % 2]!;
      return { name: `vm${n}`, disks: [path], firmware: 'bios' as const, guest, ...(target && { target }) };
    }),
  });
  const ask = async (): Promise<Took> => {
    const [began, before] = [performance.now(), process.cpuUsage()];
    const { code, stdout, stderr } = await world.run('readiness', 'm');
    if (code !== 4 || !stdout.includes(`vm${machines - 1}:`)) throw new Error(`readiness: ${code} ${stderr}`);
    const { user, system } = process.cpuUsage(before);
    return { seconds: (performance.now() - began) / 1000, cpu: (user + system) / 1e6 };
  };
  try {
    await world.ok('apply', 'm', '--only', 'bucket', '--only', 'protected_vm');
    world.s3.clear();
    const cold = await ask();
    const packs = world.s3.calls.filter(({ path }) => path.includes('/packs/'));
    const read = packs.reduce((sum, { bytes }) => sum + bytes, 0);
    world.api.clear();
    world.s3.clear();
    const known: Took[] = [];
    for (let n = 0; n < rounds; n++) known.push(await ask());
    const [calls, s3] = [world.api.calls.length / rounds, world.s3.calls.length / rounds];
    return { machines, cold, known, calls, s3, packs: read };
  } finally {
    await world.close();
  }
}
