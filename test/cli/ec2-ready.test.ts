import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

async function applied(manifest: string) {
  const dir = await scratch();
  await mkdir(join(dir, 'm/post-launch'), { recursive: true });
  await writeFile(join(dir, 'm/ready.yaml'), manifest);
  await writeFile(join(dir, 'm/post-launch/web.yaml'), 'converge: 1\nresources: { file: { /srv/a: {} } }\n');
  const run = (...args: string[]) => cli(dir, [...args, '--lab', join(dir, 'lab')]);
  const first = await run('apply', 'm/ready.yaml');
  expect([first.code, first.stderr]).toEqual([0, expect.any(String)]);
  const second = await run('plan', 'm/ready.yaml', '--detailed-exitcodes');
  expect([second.code, second.stdout]).toEqual([0, expect.stringContaining('Nothing to do')]);
  return { dir, run };
}

test('ec2_ready_linux: a unit at each start, enabled, that names the manifests of the disk', async () => {
  const { dir } = await applied(`converge: 1
resources:
  ec2_ready_linux:
    web01: { program: /opt/converge/node, script: /opt/converge/converge.cjs }
  file:
    /etc/converge-post-launch/web.yaml: { source: post-launch/web.yaml }
`);
  const host = join(dir, 'lab/host');
  const unit = await readFile(join(host, 'etc/systemd/system/converge-post-launch.service'), 'utf8');
  expect(unit).toContain(
    'ExecStart=/opt/converge/node /opt/converge/converge.cjs post-launch /etc/converge-post-launch --console /dev/ttyS0 --wait 15m\n',
  );
  expect(await readFile(join(host, 'etc/converge-post-launch/web.yaml'), 'utf8')).toContain('/srv/a');
});

test('ec2_ready_windows: a task at each start as SYSTEM, and a folder that administrators alone write', async () => {
  const { dir, run } = await applied(`converge: 1
requires: { os: windows }
resources:
  ec2_ready_windows:
    dc02: {}
  file:
    c:\\ProgramData\\converge-post-launch\\web.yaml: { source: post-launch/web.yaml }
`);
  expect((await run('observe', 'm/ready.yaml', '-o', 'seen.json')).code).toBe(0);
  const seen = await readFile(join(dir, 'seen.json'), 'utf8');
  expect(seen).toContain(
    String.raw`post-launch \"c:\\ProgramData\\converge-post-launch\" --console \\\\.\\COM1 --wait 15m`,
  );
});

/** A healthy machine of Red Hat's family, as its installer leaves it: /boot by entries, NetworkManager. */
const redhat: Record<string, string> = {
  'usr/lib/systemd/system/NetworkManager.service': '[Service]\nExecStart=/x\n',
  'usr/lib/systemd/system/sshd.service': '[Service]\nExecStart=/x\n[Install]\nWantedBy=multi-user.target\n',
  'usr/lib/systemd/system/chronyd.service':
    '[Service]\nExecStart=/x\n[Install]\nWantedBy=multi-user.target\n',
  'usr/lib/modules/5.14.0/modules.dep': 'kernel/drivers/net/ethernet/amazon/ena/ena.ko.xz:\n',
  'boot/grub2/grub.cfg': 'set default=0\ninsmod blscfg\nblscfg\n',
  'boot/loader/entries/a-5.14.0.conf':
    'title Red\nlinux /vmlinuz-5.14.0\noptions root=/dev/mapper/rl-root ro console=tty0\n',
  'boot/loader/entries/a-0-rescue.conf':
    'title Rescue\nlinux /vmlinuz-0\noptions root=/dev/mapper/rl-root ro\n',
  'etc/NetworkManager/NetworkManager.conf': '[main]\nno-auto-default=*\n',
  'etc/NetworkManager/system-connections/ens192.nmconnection':
    '[connection]\nid=ens192\ntype=ethernet\ninterface-name=ens192\n\n[ipv4]\nmethod=manual\naddress1=10.0.0.10/24\n',
  'etc/passwd': 'root:x:0:0::/root:/bin/bash\nadmin:x:1000:1000::/home/admin:/bin/bash\n',
  'etc/shadow': 'root:*:1::::::\nadmin:$6$x$y:1::::::\n',
};

test('ec2_ready_linux of Red Hat’s family: dracut and grubby are run once, and NetworkManager asks on an ENA', async () => {
  const dir = await scratch();
  const run = (...args: string[]) => cli(dir, [...args, '--lab', join(dir, 'lab')]);
  await writeFile(
    join(dir, 'first.yaml'),
    'converge: 1\nresources: { file: { /etc/hostname: { content: a } } }\n',
  );
  expect((await run('apply', 'first.yaml')).code).toBe(0);
  const at = (path: string) => join(dir, 'lab/host', path);
  for (const [path, text] of Object.entries(redhat)) {
    await mkdir(dirname(at(path)), { recursive: true });
    await writeFile(at(path), text);
  }
  await writeFile(
    join(dir, 'ready.yaml'),
    `converge: 1
resources:
  ec2_ready_linux:
    db01: { family: redhat, network: networkmanager, ssh_service: sshd, time_service: chronyd }
  service:
    NetworkManager: { startup: automatic }
`,
  );
  const facts = async () => {
    const { stdout } = await run('guest-facts', '--format', 'json');
    const all = (JSON.parse(stdout) as { facts: Record<string, { ok: boolean; what: string }> }).facts;
    return Object.fromEntries(Object.entries(all).map(([name, { ok }]) => [name, ok]));
  };
  expect(await facts()).toMatchObject({ serial_console: false, account: true });
  const applied = await run('apply', 'ready.yaml');
  expect([applied.code, applied.stdout]).toEqual([0, expect.stringContaining('2 refreshed')]);
  expect(await facts()).toEqual({
    ena: true,
    dhcp: true,
    remote_access: true,
    account: true,
    serial_console: true,
    time: true,
  });
  const entry = await readFile(at('boot/loader/entries/a-5.14.0.conf'), 'utf8');
  expect(entry).toContain('options root=/dev/mapper/rl-root ro console=tty0 console=ttyS0,115200n8\n');
  expect(await readFile(at('etc/dracut.conf.d/converge-ec2.conf'), 'utf8')).toContain('nvme ena');
  // The connection of home is as it was, and a second plan runs nothing.
  const home = 'etc/NetworkManager/system-connections/ens192.nmconnection';
  expect(await readFile(at(home), 'utf8')).toBe(redhat[home]);
  const second = await run('plan', 'ready.yaml', '--detailed-exitcodes');
  expect([second.code, second.stdout]).toEqual([0, expect.stringContaining('Nothing to do')]);
});
