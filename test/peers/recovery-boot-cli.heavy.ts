import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { cli } from '../support/cli.ts';
import { type RecoveryWorld, recoveryWorld } from '../support/recovery-world.ts';
import { describeWith, folder } from './s3-programs.ts';

const probes = `[ ${[
  '{ probe: console, text: "recovered machine is up", within: 4m }',
  '{ probe: http, contains: "hello from the recovered", within: 4m }',
].join(', ')} ]`;

/** A machine with a disk made here, protected and replicated by commands alone. */
async function machine(firmware: 'bios' | 'uefi', ...options: string[]): Promise<RecoveryWorld> {
  const dir = folder();
  const disk = join(dir, 'disk.raw');
  execFileSync('bash', [join(import.meta.dirname, 'bootable-disk.sh'), firmware, disk, ...options]);
  const kind = firmware === 'bios' ? ('bios' as const) : ('efi' as const);
  const world = await recoveryWorld({
    dir,
    run: cli,
    machines: [{ name: 'web01', disks: [disk], firmware: kind }],
    // What doesn't boot is waited for no longer than it takes to say so.
    probes: options.length === 0 ? probes : probes.replaceAll('4m', '90s'),
  });
  onTestFinished(() => world.close());
  await world.ok('apply', 'm');
  await world.ok('replicate', 'web01', '--replica', 'm');
  return world;
}

/** The rehearsal. EC2 starts what it launches by itself; the lab boots what it is told to. */
async function rehearse(world: RecoveryWorld, ...options: string[]) {
  const began = performance.now();
  const over = new AbortController();
  const booted = bootLaunched(world, over.signal);
  const result = await world
    .run('failover', 'everything', '--test', ...options, 'm')
    .finally(() => over.abort());
  await booted;
  console.log(`rehearsed in ${Math.round((performance.now() - began) / 1000)} s\n${result.stdout}`);
  const status = await world.ok('failover', 'status', 'everything', 'm');
  const cleaned = await world.ok('failover', 'cleanup', 'everything', 'm');
  expect(cleaned).toContain('0 instances, 0 volumes, 0 images, 0 security groups and 0 entries are left');
  return { ...result, status };
}

/** Launched though readiness knows better. */
const regardless = ['--allow', 'recovery_target:web01'];

async function bootLaunched({ lab, running }: RecoveryWorld, signal: AbortSignal): Promise<void> {
  const launched = async () => (await running()).web01;
  const soon = { interval: 100, timeout: 200_000 };
  await expect.poll(async () => signal.aborted || (await launched()) !== undefined, soon).toBe(true);
  const found = await launched();
  if (found) await lab.command({ do: 'boot', instance: found.id, ports: [80] });
}

describeWith('machines recovered by commands, in QEMU', 'qemu-system-x86_64', ['--version'], () => {
  for (const firmware of ['bios', 'uefi'] as const)
    it(`a Debian disk (${firmware}) says that it is up to the plan's own probe`, async () => {
      const { code, stdout } = await rehearse(await machine(firmware));
      expect(code).toBe(0);
      expect(stdout).toMatch(/passed {2}console says "recovered machine is up"/);
      expect(stdout).toMatch(/passed {2}HTTP GET \/ at port 80 says 200/);
      expect(stdout).toMatch(/^recovered in /m);
    }, 400_000);

  it('no NVMe in the first system: the rehearsal has failed, with the last lines of its console', async () => {
    const world = await machine('bios', 'without-nvme');
    const refused = await world.run('failover', 'everything', '--test', 'm');
    expect(refused.code, refused.stderr).toBe(8);
    const { code, stdout, status } = await rehearse(world, ...regardless);
    expect(code).toBe(4);
    expect(stdout).toMatch(/failed {2}console says .*no root device with UUID/);
    expect(stdout).not.toMatch(/passed {2}(console|HTTP)/);
    expect(stdout).toMatch(/^the test FAILED after .*web01 did not pass/m);
    expect(stdout).not.toMatch(/^recovered in/m);
    expect(status).toMatch(/did not pass after/);
  }, 400_000);

  it('no fallback loader: the rehearsal has failed, with what the firmware says', async () => {
    const world = await machine('uefi', 'without-loader');
    const refused = await world.run('failover', 'everything', '--test', 'm');
    expect(refused.code, refused.stderr).toBe(8);
    const { code, stdout, status } = await rehearse(world, ...regardless);
    expect(code).toBe(4);
    expect(stdout).toMatch(/failed {2}console says .*(Shell>|BOOTX64|BdsDxe)/);
    expect(stdout).not.toMatch(/passed {2}(console|HTTP)/);
    expect(stdout).toMatch(/^the test FAILED after .*web01 did not pass/m);
    expect(stdout).not.toMatch(/^recovered in/m);
    expect(status).toMatch(/did not pass after/);
  }, 400_000);
});
