import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { goldenDisks } from '../recovery/readiness/golden.ts';
import { cli, scratch } from '../support/cli.ts';
import { type RecoveryMachine, recoveryWorld } from '../support/recovery-world.ts';

interface Found {
  vm: string;
  verdict: string;
  method: { name: string };
  findings: { what: string; verdict: string; why: string; source: string; age?: number; way_out?: string }[];
  disks: { count: number; asBefore: number; bytes: number; read: number };
}

const unauthorized = {
  status: 403,
  type: 'text/xml',
  body: '<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>not you</Message></Error></Errors><RequestID>r</RequestID></Response>',
};

/** A disk of one partition that begins so, with the boot code of GRUB. */
function partitioned(mark: string): Buffer {
  const disk = Buffer.alloc(2 ** 22);
  disk.write('GRUB', 384);
  disk.writeUInt8(0x80, 446);
  disk.writeUInt8(7, 450);
  disk.writeUInt32LE(2048, 454);
  disk.writeUInt32LE(4096, 458);
  disk.writeUInt16LE(0xaa55, 510);
  disk.write(mark, 2 ** 20 + 3, 'latin1');
  return disk;
}

test('ten odd machines: each verdict with its reason, its source and a way out', {
  timeout: 240_000,
}, async () => {
  const dir = await scratch();
  const golden = await goldenDisks();
  const disks: Record<string, Buffer> = {
    ...Object.fromEntries(golden),
    bitlocker: partitioned('-FVE-FS-'),
    empty: Buffer.alloc(2 ** 20),
  };
  for (const [name, content] of Object.entries(disks)) await writeFile(join(dir, `${name}.raw`), content);
  const machine = (
    name: string,
    disk: string,
    firmware: 'bios' | 'efi',
    more: object = {},
  ): RecoveryMachine => ({
    name,
    disks: [join(dir, `${disk}.raw`)],
    firmware,
    ...more,
  });
  let refused = '';
  const world = await recoveryWorld({
    dir,
    run: cli,
    machines: [
      machine('debian', 'debian-bios', 'bios'),
      machine('red', 'red-uefi', 'efi'),
      machine('bare', 'no-loader', 'efi'),
      machine('old', 'old-bios', 'bios'),
      machine('cloud', 'builtin', 'bios'),
      machine('wrong', 'debian-bios', 'efi'),
      machine('empty', 'empty', 'bios'),
      machine('locked', 'bitlocker', 'bios', { guest: 'windows2019srv_64Guest', target: 'license: aws' }),
      machine('foreign', 'old-bios', 'bios', { guest: 'freebsd14_64Guest' }),
    ],
    refuse: what => (what === refused ? unauthorized : undefined),
  });
  try {
    await writeFile(
      join(world.dir, 'm/ghost.yaml'),
      `converge: 1
resources:
  recovery_target:
    ghost:
      repository: s3://gdh-vm-replication/dr
      instance_type: m6i.large
      subnet: subnet-0123456789abcdef0
      security_groups: [ sg-0123456789abcdef0 ]
`,
    );
    await world.ok('apply', 'm', '--only', 'bucket', '--only', 'protected_vm');
    await world.ok('replicate', 'debian', '--replica', 'm');

    world.api.clear();
    const { code, stdout } = await world.run('readiness', 'm', '--format', 'json');
    expect(code).toBe(4);
    const { targets } = JSON.parse(stdout) as { targets: Found[] };
    const of = Object.fromEntries(targets.map(one => [one.vm, one]));
    expect(
      Object.fromEntries(targets.map(({ vm, verdict, method }) => [vm, `${verdict}, ${method.name}`])),
    ).toEqual({
      debian: 'not ready, fast',
      red: 'unknown, fast',
      bare: 'not ready, none',
      old: 'unknown, fast',
      cloud: 'unknown, fast',
      wrong: 'not ready, none',
      empty: 'not ready, none',
      locked: 'not ready, none',
      foreign: 'not ready, none',
      ghost: 'not ready, unknown',
    });
    const why = (vm: string, what: string) => of[vm]!.findings.find(one => one.what === what)?.why;
    expect(why('debian', 'DHCP')).toBe('eth0 has a static address');
    expect(why('debian', 'NVMe driver')).toBe('/boot/initrd.img-6.12.0 has nvme');
    expect(why('debian', 'disks in EC2')).toBe('ec2:RegisterImage would be allowed');
    expect(why('red', 'NVMe driver')).toBe('/initramfs-6.12.0.img, /initramfs-6.12.1.img has nvme');
    expect(why('red', 'launch')).toBe('ec2:RunInstances would be allowed');
    expect(why('bare', 'boot loader')).toMatch(/has no \\EFI\\BOOT\\BOOTX64\.EFI/);
    expect(why('bare', 'NVMe driver')).toMatch(/packed with xz/);
    expect(why('wrong', 'boot loader')).toMatch(/has no EFI system partition/);
    expect(why('empty', 'boot sector')).toMatch(/55 AA is missing/);
    expect(why('locked', 'encryption')).toBe('partition 1 of disk 0 is encrypted by BitLocker');
    expect(why('foreign', 'machine')).toMatch(/freebsd14_64Guest; Linux and Windows alone/);
    expect(why('ghost', 'recovery point')).toMatch(/holds no recovery point of ghost/);
    for (const { findings } of targets)
      for (const { verdict, way_out, source, age } of findings) {
        if (verdict !== 'ready') expect(way_out).toBeTruthy();
        if (source === 'disk') expect(age).toBeGreaterThanOrEqual(0);
      }
    // The report that the guest wrote is older than the point.
    expect(of.debian!.findings.find(({ source }) => source === 'guest')!.age).toBeGreaterThan(0);
    for (const { vm, disks: read } of targets) {
      // Whoever makes a replica looks at its disks.
      expect(read.asBefore, vm).toBe(vm === 'debian' ? 1 : 0);
      expect(read.read, vm).toBeLessThan(3_000_000);
    }

    // Nothing is made: what is no question is asked with DryRun, which EC2 answers with 412.
    const asked = world.api.calls.filter(({ what }) => !/^(ec2:Describe|ssm:Get)/.test(what));
    expect([...new Set(asked.map(({ what, status }) => `${what} ${status}`))].sort()).toEqual([
      'ec2:RegisterImage 412',
      'ec2:RunInstances 412',
    ]);
    expect(await world.running()).toEqual({});

    const again = await world.run('readiness', 'm');
    expect(again.code).toBe(4);
    expect(again.stdout).toContain('10 targets: 7 not ready, 3 unknown, 0 ready');
    expect(again.stdout).toMatch(/^read 0 B of 9 disks with .*; 9 are as before$/m);
    expect(again.stdout).toMatch(/^not ready {2}boot sector {2}.*disk, .* ago.*55 AA is missing$/m);
    expect(again.stdout).toMatch(/^way out \(boot loader\): write it in the guest/m);

    const one = await world.run('readiness', 'm', '--only', 'recovery_target:old');
    expect(one.stdout).toMatch(/^old: unknown, as of /);
    expect(one.stdout).toMatch(/^1 target: 0 not ready, 1 unknown, 0 ready$/m);
    refused = 'ec2:RunInstances';
    const denied = await world.run('readiness', 'm', '--only', 'recovery_target:old');
    expect(denied.code).toBe(4);
    expect(denied.stdout).toMatch(/^old: not ready/);
    expect(denied.stdout).toMatch(
      /^not ready {2}launch .*ec2:RunInstances is refused: UnauthorizedOperation: not you$/m,
    );
    refused = '';
    const none = await world.run('readiness', 'm', '--only', 'recovery_target:nobody');
    expect([none.code, none.stderr]).toEqual([1, expect.stringMatching(/selects none/)]);
    const both = await world.run('readiness', 'm', '--runbook', '--only', 'recovery_target:old');
    expect([both.code, both.stderr]).toEqual([1, expect.stringMatching(/--runbook prints lines of a shell/)]);
  } finally {
    await world.close();
  }
});
