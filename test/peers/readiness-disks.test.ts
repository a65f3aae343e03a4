import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { diskFacts } from '../../src/recovery/readiness/disk-facts.ts';
import { counted, expected } from '../recovery/readiness/golden.ts';
import { cli } from '../support/cli.ts';
import { dc02Present, toState } from '../support/dc02.ts';
import { recoveryWorld } from '../support/recovery-world.ts';
import { describeWith, folder } from './s3-programs.ts';

const tools = ['sfdisk', 'mkfs.vfat', 'mke2fs', 'mkfs.ntfs', 'mcopy', 'cpio', 'zstd', 'lz4', 'xz'];
const present = tools.map(tool => `command -v ${tool} >/dev/null`).join(' && ');

describeWith(
  'disks for readiness, made here by real tools',
  'sh',
  ['-c', `PATH=$PATH:/usr/sbin:/sbin; ${present}`],
  () => {
    it('are read for what they are', async () => {
      const dir = mkdtempSync(join(tmpdir(), 'converge-peer-'));
      execFileSync('bash', [join(import.meta.dirname, '../recovery/readiness/make-disks.sh'), dir]);
      const names = (await readdir(dir)).map(name => name.replace('.img', ''));
      expect(names.sort()).toEqual(Object.keys(expected).sort());
      for (const name of names) {
        const { disk } = counted(await readFile(join(dir, `${name}.img`)));
        expect(await diskFacts(disk, { boot: true, linux: true }), name).toMatchObject(expected[name]!);
      }
    });
  },
);

describeWith(
  'bootable disks for readiness',
  'sh',
  ['-c', 'command -v grub-mkimage && command -v kmod'],
  () => {
    it('without nvme or without the fallback loader they are refused, and no machine is started for that', async () => {
      const dir = folder();
      const make = (name: string, ...words: string[]) => {
        const path = join(dir, `${name}.raw`);
        const [firmware = '', ...options] = words;
        execFileSync('bash', [join(import.meta.dirname, 'bootable-disk.sh'), firmware, path, ...options]);
        return [path];
      };
      const world = await recoveryWorld({
        dir,
        run: cli,
        machines: [
          { name: 'bios', disks: make('bios', 'bios'), firmware: 'bios' },
          { name: 'uefi', disks: make('uefi', 'uefi'), firmware: 'efi' },
          { name: 'without-nvme', disks: make('without-nvme', 'bios', 'without-nvme'), firmware: 'bios' },
          {
            name: 'without-loader',
            disks: make('without-loader', 'uefi', 'without-loader'),
            firmware: 'efi',
          },
        ],
      });
      try {
        await world.ok('apply', 'm', '--only', 'bucket', '--only', 'protected_vm');
        const { code, stdout } = await world.run('readiness', 'm');
        expect(code).toBe(4);
        expect(stdout).toMatch(/^bios: unknown/m);
        expect(stdout).toMatch(/^uefi: unknown/m);
        expect(stdout).toMatch(
          /^without-nvme: not ready.*\nmethod convert: .*\n.*\nnot ready {2}NVMe driver .*has no nvme/m,
        );
        expect(stdout).toMatch(
          /^without-loader: not ready.*\nmethod none: .*\n.*\nnot ready {2}boot loader .*BOOTX64\.EFI/m,
        );
      } finally {
        await world.close();
      }
    }, 240_000);
  },
);

describeWith('the real NTFS disk for readiness', dc02Present ? 'true' : 'false', [], () => {
  it('is NTFS on an active partition without boot code, in each of its states', async () => {
    const image = join(folder(), 'dc02.raw');
    for (const state of [0, 1, 2, 3]) {
      await toState(image, state);
      const { disk, read } = counted(await readFile(image));
      const facts = await diskFacts(disk, { boot: true, linux: false });
      expect(facts.table).toEqual({ kind: 'mbr', signature: true, code: 'none' });
      expect(facts.parts).toEqual([
        { number: 1, bytes: 166_723_584, active: true, content: 'ntfs', esp: false },
      ]);
      expect(read.bytes).toBeLessThan(2 ** 20);
    }
  });
});
