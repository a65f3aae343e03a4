import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type FileSystem, inMemory } from '../../src/recovery/readiness/bytes/disk-bytes.ts';
import { openNtfs } from '../../src/recovery/readiness/disk/ntfs.ts';
import { diskFacts } from '../../src/recovery/readiness/disk-facts.ts';
import { bootDisk, counted, expected } from '../recovery/readiness/golden.ts';
import { cli } from '../support/cli.ts';
import { dc02Present, toState } from '../support/dc02.ts';
import { recoveryWorld } from '../support/recovery-world.ts';
import { describeWith, folder } from './s3-programs.ts';

const tools = [
  'sfdisk',
  'mkfs.vfat',
  'mke2fs',
  'mkfs.ntfs',
  'ntfs-3g',
  'python3',
  'mcopy',
  'cpio',
  'zstd',
  'lz4',
  'xz',
];
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
        expect(await diskFacts(disk, bootDisk(name)), name).toMatchObject(expected[name]!);
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

const program = (file: string, ...args: string[]) =>
  execFileSync(file, args, { maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'ignore'] });

/**
 * Names of a volume as ntfs-3g's tools list them, and bytes as those give them, of `most` files of each
 * folder.
 */
async function compared(image: string, most: number) {
  const files = await openNtfs(inMemory(await readFile(image)));
  const same: string[] = [];
  const refused: string[] = [];
  await walk(files, '', async (path, names, said) => {
    expect(names.sort(), path).toEqual(said.sort());
  });
  return { same, refused };

  async function walk(
    { list, open }: FileSystem,
    folder: string,
    check: (path: string, names: string[], said: string[]) => Promise<void>,
  ): Promise<void> {
    const entries = (await list(folder))!;
    const said = program('ntfsls', '-a', '-s', '-p', `/${folder}`, image).toString().split('\n');
    const others = said.filter(name => name !== '' && name !== '.' && name !== '..');
    await check(
      folder,
      entries.map(({ name }) => name),
      others,
    );
    for (const [n, { name, kind }] of entries.entries()) {
      const path = folder === '' ? name : `${folder}/${name}`;
      if (name.startsWith('$') || path === 'System Volume Information') continue;
      if (kind === 'directory') await walk({ list, open }, path, check);
      else if (n < most || entries.length < 40) await content(open, path);
    }
  }

  async function content(open: FileSystem['open'], path: string): Promise<void> {
    const file = await open(path).catch((error: Error) => error);
    if (file instanceof Error) {
      refused.push(file.message);
      return;
    }
    const bytes = await file!.read(0, file!.bytes);
    expect(bytes.equals(program('ntfscat', image, path)), path).toBe(true);
    same.push(path);
  }
}

const ntfs = 'command -v ntfs-3g && command -v ntfsls && command -v ntfscat && test -w /dev/fuse';

describeWith('volumes that ntfs-3g made', 'sh', ['-c', `PATH=$PATH:/usr/sbin; ${ntfs}`], () => {
  it.each([512, 4096, 65_536])(
    'with clusters of %i bytes: the names and bytes of its tools',
    async cluster => {
      const image = join(folder(), 'volume.img');
      const make = join(import.meta.dirname, '../recovery/readiness/make-ntfs.sh');
      execFileSync('bash', [make, image, String(cluster), cluster > 4096 ? '96' : '16']);
      const { same, refused } = await compared(image, 10);
      expect(same).toEqual(expect.arrayContaining(['pieces', 'sparse', 'Windows/System32/config/large']));
      // Windows compresses nothing that is in larger clusters than 4 KiB.
      const isPacked = cluster <= 4096;
      expect(refused).toEqual(isPacked ? ["packed/file is compressed, which isn't read here"] : []);
    },
    120_000,
  );
});

describeWith('the real NTFS disk, and ntfs-3g', 'sh', ['-c', `${dc02Present} && ${ntfs}`], () => {
  it('has the names and bytes of its tools in each state', async () => {
    const dir = folder();
    const [image, volume] = [join(dir, 'dc02.raw'), join(dir, 'volume.img')];
    for (const state of [0, 1, 2, 3]) {
      await toState(image, state);
      if (state % 3 !== 0) continue;
      await writeFile(volume, (await readFile(image)).subarray(2 ** 20));
      const { same, refused } = await compared(volume, 10);
      expect(same.length).toBeGreaterThan(0);
      expect(refused).toEqual([]);
    }
  }, 240_000);
});
