import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { cli } from '../support/cli.ts';
import { recoveryWorld } from '../support/recovery-world.ts';
import { describeWith, folder } from './s3-programs.ts';

const page = 'this page was made by the machine itself';
const inside = `converge: 1
resources:
  file:
    /www/made.html: { content: "${page}" }
`;
/** What the healthy machine is told: the module, and the manifests beside it. */
const ready = `converge: 1
resources:
  ec2_ready_linux:
    web01: { program: /opt/converge/node, script: /opt/converge/converge.cjs, wait: 2m }
  file:
    /etc/converge-post-launch/web.yaml: { source: inside/web.yaml }
`;

const probes = `[ { probe: http, path: /made.html, contains: "${page}", within: 4m } ]
      post_launch: [ { manifests: ../inside, within: 4m } ]`;

describeWith(
  'a recovered machine that converges itself, in QEMU',
  'qemu-system-x86_64',
  ['--version'],
  () => {
    it('prepared while it is healthy, recovered by commands, and the probe sees what it made', async () => {
      const dir = folder();
      await mkdir(join(dir, 'inside'));
      await writeFile(join(dir, 'inside/web.yaml'), inside);
      await writeFile(join(dir, 'ready.yaml'), ready);
      // The machine at home: the lab's host, whose files become those of the disk.
      const home = join(dir, 'home');
      const prepared = await cli(dir, ['apply', 'ready.yaml', '--lab', home]);
      expect(prepared.code, prepared.stderr).toBe(0);
      const files = join(dir, 'files');
      await mkdir(files);
      execFileSync('cp', ['-a', join(home, 'host/etc'), files]);
      const disk = join(dir, 'disk.raw');
      execFileSync('bash', [join(import.meta.dirname, 'bootable-disk.sh'), 'bios', disk, `with=${files}`]);

      const world = await recoveryWorld({
        dir,
        run: cli,
        machines: [{ name: 'web01', disks: [disk], firmware: 'bios' }],
        probes,
      });
      onTestFinished(() => world.close());
      await world.ok('apply', 'm');
      await world.ok('replicate', 'web01', '--replica', 'm');
      const over = new AbortController();
      // EC2 starts what it launches by itself; the lab boots what it is told to.
      const booted = expect
        .poll(async () => over.signal.aborted || (await world.running()).web01?.id, {
          interval: 100,
          timeout: 300_000,
        })
        .toBeTruthy()
        .then(async () => {
          const found = (await world.running()).web01;
          if (found) await world.lab.command({ do: 'boot', instance: found.id, ports: [80] });
        });
      const began = performance.now();
      const result = await world.run('failover', 'everything', '--test', 'm').finally(() => over.abort());
      await booted;
      console.log(
        `rehearsed in ${Math.round((performance.now() - began) / 1000)} s\n${result.stdout}${result.stderr}`,
      );
      expect(result.stdout).toMatch(/passed {2}HTTP GET \/made\.html at port 80 says 200/);
      expect(result.stdout).toMatch(
        /passed {2}post-launch manifests \.\.\/inside \(from the machine itself\): converged with 1 change\n/,
      );
      expect(result.stdout).toMatch(/^recovered in /m);
      expect(result.code).toBe(0);
      expect(await world.ok('failover', 'cleanup', 'everything', 'm')).toContain('0 instances');
    }, 600_000);
  },
);
