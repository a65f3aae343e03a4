import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { goldenDisks } from '../recovery/readiness/golden.ts';
import { cli, scratch } from '../support/cli.ts';
import { recoveryWorld } from '../support/recovery-world.ts';
import { describeWith } from './s3-programs.ts';

const ready = `converge: 1
resources:
  ec2_ready_linux: { web01: { network: networkd, time_service: chrony } }
  service:
    systemd-networkd: { startup: automatic }
`;

const first = 'converge: 1\nresources: { file: { /etc/hostname: { content: web01 } } }\n';

/** A healthy machine at home, as the lab's host: what the module doesn't make, an installer did. */
const installed: Record<string, string> = {
  'usr/lib/systemd/system/chrony.service': '[Service]\nExecStart=/usr/sbin/chronyd\n',
  'usr/lib/systemd/system/systemd-networkd.service': '[Service]\nExecStart=/x\n',
  'usr/lib/modules/6.12.0/modules.dep': 'kernel/drivers/net/ethernet/amazon/ena/ena.ko.xz:\n',
  'boot/grub/grub.cfg': 'menuentry x {\n  linux /vmlinuz root=UUID=1 ro\n}\n',
  'etc/passwd': 'root:x:0:0::/root:/bin/bash\nadmin:x:1000:1000::/home/admin:/bin/bash\n',
  'etc/shadow': 'root:*:1::::::\nadmin:!:1::::::\n',
  'home/admin/.ssh/authorized_keys': 'ssh-ed25519 AAAA admin\n',
};

async function machine() {
  const dir = await scratch();
  const host = join(dir, 'home/host');
  await writeFile(join(dir, 'first.yaml'), first);
  expect((await cli(dir, ['apply', 'first.yaml', '--lab', join(dir, 'home')])).code).toBe(0);
  for (const [path, text] of Object.entries(installed)) {
    await mkdir(dirname(join(host, path)), { recursive: true });
    await writeFile(join(host, path), text);
  }
  await writeFile(join(dir, 'ready.yaml'), ready);
  const run = (...args: string[]) => cli(dir, [...args, '--lab', join(dir, 'home')]);
  const looked = async () => {
    const { code, stderr, stdout } = await run('guest-facts', '--format', 'json');
    expect([code, stderr]).toEqual([0, '']);
    const { facts } = JSON.parse(stdout) as { facts: Record<string, { ok: boolean; what: string }> };
    return facts;
  };
  return { dir, host, run, looked };
}

/** The lab's host with its file as a disk that starts: that of the golden ones with an initramfs of nvme. */
function put(disk: string, file: string): void {
  const commands = ['rm /var/lib/converge/ec2-ready.json', `write ${file} /var/lib/converge/ec2-ready.json`];
  for (const one of commands)
    execFileSync('debugfs', ['-w', '-R', one, `${disk}?offset=${offset}`], { stdio: 'ignore' });
}
const offset = 2 ** 20;

describeWith('a disk that has the file of its guest', 'debugfs', ['-V'], () => {
  it('a machine that the module prepared says so, and a target of it is ready', {
    timeout: 120_000,
  }, async () => {
    const { dir, host, run, looked } = await machine();
    const before = await looked();
    expect(Object.entries(before).map(([name, { ok }]) => `${name} ${ok}`)).toEqual([
      'ena true',
      'remote_access true',
      'account true',
      'serial_console false',
      'time false',
    ]);
    const applied = await run('apply', 'ready.yaml');
    expect([applied.code, applied.stderr]).toEqual([0, expect.any(String)]);
    const after = await looked();
    expect(after).toMatchObject({
      dhcp: { ok: true, what: expect.stringContaining('05-converge-ec2.network') },
      account: { ok: true, what: 'admin by key can sign in without a directory' },
      serial_console: { ok: true },
      time: { ok: true, what: 'chrony.service starts with the machine' },
    });
    const file = join(host, 'var/lib/converge/ec2-ready.json');
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ version: 1, facts: after });

    const disk = join(dir, 'disk.raw');
    await writeFile(disk, (await goldenDisks()).get('debian-bios')!);
    put(disk, file);
    const world = await recoveryWorld({
      dir,
      run: cli,
      machines: [{ name: 'web01', disks: [disk], firmware: 'bios' }],
    });
    try {
      await world.ok('apply', 'm');
      await world.ok('replicate', 'web01', '--replica', 'm');
      const said = await world.run('readiness', 'm');
      expect([said.code, said.stdout]).toEqual([0, expect.stringMatching(/^web01: ready/m)]);
    } finally {
      await world.close();
    }
  });
});

const windowsReady = `converge: 1
requires: { os: windows }
resources:
  ec2_ready_windows: { dc02: { time: ec2 } }
`;

/** What Amazon's installers of EC2Launch and of the ENA's driver leave on a machine, as far as it is seen. */
const installers = `converge: 1
requires: { os: windows }
resources:
  registry_value:
    HKLM\\SYSTEM\\CurrentControlSet\\Services\\Amazon EC2Launch\\Start: { kind: dword, value: 2 }
  file:
    c:\\Windows\\System32\\DriverStore\\FileRepository\\ena.inf_amd64_0123456789abcdef: { kind: directory }
`;

const ntfs = 'PATH=$PATH:/usr/sbin; command -v mkntfs && command -v ntfs-3g && test -w /dev/fuse';

/** A volume of NTFS with this file where a Windows guest keeps it. */
const volumeOf = `set -e; PATH=$PATH:/usr/sbin:/sbin; truncate -s 8M "$1"; mkntfs -q -F -Q "$1" >/dev/null 2>&1
mkdir "$1.mnt"; ntfs-3g "$1" "$1.mnt"; mkdir -p "$1.mnt/ProgramData/converge-guest-facts"
cp "$2" "$1.mnt/ProgramData/converge-guest-facts/"; umount "$1.mnt"; rmdir "$1.mnt"`;

describeWith('an NTFS disk that has the file of its guest', 'sh', ['-c', ntfs], () => {
  it('a Windows machine that the module prepared says so, and a target of it is ready', {
    timeout: 240_000,
  }, async () => {
    const dir = await scratch();
    await writeFile(join(dir, 'installers.yaml'), installers);
    await writeFile(join(dir, 'ready.yaml'), windowsReady);
    const run = (...args: string[]) => cli(dir, [...args, '--lab', join(dir, 'home')]);
    const looked = async () => {
      const { code, stderr, stdout } = await run('guest-facts', '--windows', '--format', 'json');
      expect([code, stderr]).toEqual([0, '']);
      const { facts } = JSON.parse(stdout) as { facts: Record<string, { ok: boolean; what: string }> };
      return Object.entries(facts).map(([name, { ok }]) => `${name} ${ok}`);
    };
    expect((await run('apply', 'installers.yaml')).code).toBe(0);
    expect(await looked()).toEqual([
      'nvme false',
      'ena true',
      'dhcp true',
      'san_policy false',
      'ec2launch true',
      'remote_access false',
      'firewall false',
      'account true',
      'serial_console false',
      'kms true',
      'time false',
    ]);
    const applied = await run('apply', 'ready.yaml');
    expect([applied.code, applied.stdout]).toEqual([0, expect.stringContaining('a second plan is empty')]);
    expect((await looked()).filter(line => line.endsWith('false'))).toEqual([]);

    const kept = join(dir, 'home/windows/C/ProgramData/converge-guest-facts/ec2-ready.json');
    const volume = join(dir, 'volume.img');
    execFileSync('bash', ['-c', volumeOf, 'sh', volume, kept]);
    const table = (await goldenDisks()).get('windows-files')!.subarray(0, offset);
    const disk = join(dir, 'disk.raw');
    await writeFile(disk, Buffer.concat([table, await readFile(volume), Buffer.alloc(2 ** 20)]));
    const world = await recoveryWorld({
      dir,
      run: cli,
      machines: [
        {
          name: 'dc02',
          disks: [disk],
          firmware: 'bios',
          guest: 'windows2019srv_64Guest',
          target: 'license: aws',
        },
      ],
    });
    try {
      await world.ok('apply', 'm');
      await world.ok('replicate', 'dc02', '--replica', 'm');
      const said = await world.run('readiness', 'm');
      expect([said.code, said.stdout]).toEqual([0, expect.stringMatching(/^dc02: ready/m)]);
    } finally {
      await world.close();
    }
  });
});
