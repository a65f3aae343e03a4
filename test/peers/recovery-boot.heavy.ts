import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EC2Client } from '@aws-sdk/client-ec2';
import { expect, it, onTestFinished } from 'vitest';
import { recoveryOver } from '../../src/aws/recovery/cloud.ts';
import { nodeHost } from '../../src/io/node.ts';
import { cleanUp } from '../../src/recovery/failover/cleanup.ts';
import { machineOf } from '../../src/recovery/failover/prepare.ts';
import { rehearse } from '../../src/recovery/failover/rehearse.ts';
import type { MachineCloud } from '../../src/recovery/model/machines.ts';
import { networkProber, type WayTo } from '../../src/recovery/prober/prober.ts';
import type { RunStart } from '../../src/recovery/run/run.ts';
import { cloud as labCloud, replicated } from '../recovery/fixture.ts';
import { apart } from '../recovery/network.ts';
import { aMachine, commitImage } from '../support/repository.ts';
import { describeWith, folder } from './s3-programs.ts';

describeWith('machines recovered by a rehearsal, in QEMU', 'qemu-system-x86_64', ['--version'], () => {
  for (const firmware of ['bios', 'uefi'] as const)
    it(`a Debian disk (${firmware}): point, replica, image, instance, and its console says that it is up`, async () => {
      const disk = join(folder(), 'disk.raw');
      execFileSync('bash', [join(import.meta.dirname, 'bootable-disk.sh'), firmware, disk]);
      const aws = await labCloud();
      const { region, s3: credentials } = aws.lab.settings;
      const ec2 = new EC2Client({ region, credentials, endpoint: aws.lab.api.url });
      onTestFinished(() => ec2.destroy());
      const { subnet, group } = await apart(ec2);
      const { repository, vm, build } = await replicated(aws);
      const machine = { ...aMachine, firmware: firmware === 'bios' ? ('bios' as const) : ('efi' as const) };
      await commitImage(vm, await readFile(disk), { point: { machine } });
      const { disks, point } = await build();

      const cloud = recoveryOver(aws.connection);
      const real = cloud.machines;
      // The lab boots what it is told to; EC2 does it by itself.
      let booted = false;
      const machines: MachineCloud = {
        ...real,
        async checks(instance, signal) {
          if (!booted) await aws.lab.command({ do: 'boot', instance, ports: [80] });
          booted = true;
          return real.checks(instance, signal);
        },
      };
      const snapshots = new Map(disks.map(({ index, snapshot }) => [index, snapshot]));
      const within = 240_000;
      const start: RunStart = {
        version: 1,
        plan: 'web',
        number: 1,
        began: Date.now(),
        account: (await real.network([subnet], group)).account,
        subnet,
        group,
        limit: 3_600_000,
        groups: [
          { machines: [machineOf(point, { vm: 'web01' }, { type: 'm6i.large' }, snapshots)], wait: 0 },
        ],
        probes: {
          web01: [
            { kind: 'status', within },
            { kind: 'console', text: 'recovered machine is up', within },
            { kind: 'picture', within },
            { kind: 'tcp', port: 80, within },
            { kind: 'http', port: 80, path: '/', status: 200, contains: 'hello from the recovered', within },
          ],
        },
      };
      const run = { start, steps: [] };
      const prober = networkProber(
        async (address, port) =>
          (await aws.lab.command({ do: 'reach', address, port })).data as Awaited<ReturnType<WayTo>>,
      );
      const options = {
        repository,
        run,
        cloud: { ...cloud, machines },
        prober,
        clock: nodeHost().clock,
        step: async () => {},
      };
      const [recovered] = await rehearse(options);
      expect(recovered!.results.map(({ probe, outcome }) => [probe, outcome])).toEqual([
        ['status checks', 'passed'],
        ['console says "recovered machine is up"', 'passed'],
        ['picture of the console', 'passed'],
        ['TCP port 80', 'passed'],
        ['HTTP GET / at port 80 says 200 with "hello from the recovered"', 'passed'],
      ]);
      expect(await cleanUp(options)).toMatchObject({ instances: 1, images: 1 });
    }, 400_000);
});
