import { execFileSync } from 'node:child_process';
import { openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import {
  DescribeInstanceStatusCommand,
  GetConsoleOutputCommand,
  GetConsoleScreenshotCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { expect, it } from 'vitest';
import { blockBytes, ec2Lab } from '../lab/ec2/fixture.ts';
import { steps } from '../lab/ec2/replica.ts';
import { describeWith, folder } from './s3-programs.ts';

/** An instance of the lab whose root is a disk made here. */
async function machine(firmware: 'bios' | 'uefi', ...options: string[]) {
  const disk = join(folder(), 'disk.raw');
  execFileSync('bash', [join(import.meta.dirname, 'bootable-disk.sh'), firmware, disk, ...options]);
  const opened = await ec2Lab();
  const { ec2, lab } = opened;
  const { snapshot, image, run } = steps(opened);
  const file = openSync(disk, 'r');
  const blocks: Record<number, Buffer> = {};
  for (let index = 0; ; index++) {
    const block = Buffer.alloc(blockBytes);
    if (readSync(file, block, 0, blockBytes, index * blockBytes) === 0) break;
    if (index === 0 || block.some(byte => byte !== 0)) blocks[index] = block;
  }
  const id = await run(
    await image(await snapshot(blocks), { BootMode: firmware === 'bios' ? 'legacy-bios' : 'uefi' }),
  );
  const console_ = async () => {
    const { Output = '' } = await ec2.send(new GetConsoleOutputCommand({ InstanceId: id }));
    return Buffer.from(Output, 'base64').toString();
  };
  const status = async () => {
    const { InstanceStatuses } = await ec2.send(new DescribeInstanceStatusCommand({ InstanceIds: [id] }));
    return InstanceStatuses![0]!.InstanceStatus!.Status!;
  };
  /** What EC2 says about the instance when it no longer waits for it. */
  async function check(): Promise<string> {
    await expect.poll(status, { interval: 1000, timeout: 200_000 }).not.toBe('initializing');
    return status();
  }
  return { id, ec2, lab, console: console_, check };
}

describeWith('instances of the lab in QEMU', 'qemu-system-x86_64', ['--version'], () => {
  for (const firmware of ['bios', 'uefi'] as const)
    it(`a disk that boots by ${firmware} answers, and EC2 says so`, async () => {
      const it = await machine(firmware);
      expect(await it.console()).toMatch(/decided from the bytes .* Boots/);
      await it.lab.command({ do: 'boot', instance: it.id, ports: [22, 80] });
      expect(await it.check()).toBe('ok');
      const address = await addressOf(it);
      const { data } = await it.lab.command({ do: 'reach', address, port: 80 });
      const { host, port } = data as { host: string; port: number };
      const said = await (await fetch(`http://${host}:${port}/`)).text();
      expect(said).toBe('hello from the recovered machine\n');
      expect(await it.console()).toContain('recovered machine is up');
      const { ImageData } = await it.ec2.send(new GetConsoleScreenshotCommand({ InstanceId: it.id }));
      expect(Buffer.from(ImageData!, 'base64').length).toBeGreaterThan(500);
      await it.ec2.send(new TerminateInstancesCommand({ InstanceIds: [it.id] }));
      expect((await it.lab.command({ do: 'reach', address, port: 80 })).data).toBeUndefined();
    }, 300_000);

  it('a disk whose first system has no NVMe finds no root: the check fails, and the console says why', async () => {
    const it = await machine('bios', 'without-nvme');
    await it.lab.command({ do: 'boot', instance: it.id, ports: [80] });
    expect(await it.check()).toBe('impaired');
    expect(await it.console()).toContain('no root device with UUID');
  }, 300_000);

  it('a UEFI disk without a fallback loader is known not to boot from its bytes', async () => {
    const it = await machine('uefi', 'without-loader');
    expect(await it.check()).toBe('impaired');
    expect(await it.console()).toContain(String.raw`has no \EFI\BOOT\BOOTX64.EFI`);
  }, 120_000);
});

async function addressOf({ lab, id }: Awaited<ReturnType<typeof machine>>): Promise<string> {
  const { data } = await lab.command({ do: 'show' });
  return (data as { ec2: { instances: Record<string, { privateIp: string }> } }).ec2.instances[id]!.privateIp;
}
