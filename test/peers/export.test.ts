import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import { fileStore } from '../../src/replication/stores/file.ts';
import { type CliOptions, type CliResult, cli } from '../support/cli.ts';
import { dc02Present, toState } from '../support/dc02.ts';
import { aDisk, noStep, openTest, pointContent, VM } from '../support/repository.ts';

const run = promisify(execFile);
const MiB = 1 << 20;
const size = 24 * MiB + 512;
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const has = (...tools: string[]) => tools.every(tool => spawnSync(tool, ['--version']).error === undefined);

const present = has('nbdinfo', 'nbdcopy', 'qemu-img');
if (!present)
  console.warn('SKIPPED: exports over NBD: no nbdinfo, nbdcopy and qemu-img (.ci/peers.d/nbd.sh)');

let dir: string;
const bytes = Buffer.alloc(size);
const small = randomBytes(100 * 1024);

/** A repository with one point of two disks; the first has noise at 4 MiB and at its end. */
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'converge-export-'));
  randomBytes(3 * MiB).copy(bytes, 4 * MiB);
  randomBytes(512).copy(bytes, size - 512);
  await writeFile(join(dir, 'a.raw'), bytes);
  await writeFile(join(dir, 'b.raw'), small);
  await replicated(dir, [bytes, small]);
}, 300_000);
afterAll(() => rm(dir, { recursive: true }));

/** Makes a point of disks in `file:///DIR/repository`. */
async function replicated(at: string, disks: Buffer[]): Promise<void> {
  const repository = await openTest(fileStore(join(at, 'repository'), nodeHost()));
  const writer = await repository.vm(VM.uuid).writer(undefined);
  for (const [index, content] of disks.entries()) {
    const disk = await writer.disk(aDisk(content.length, { index, identity: `disk-${index}` }));
    for (let from = 0; from < content.length; from += disk.blockSize)
      await disk.put(from / disk.blockSize, content.subarray(from, from + disk.blockSize));
  }
  expect(await writer.commit(pointContent(), noStep)).toHaveProperty('point');
}

const app = (at: string, args: string[], options?: CliOptions) =>
  cli(at, [...args, '--repository', `file://${at}/repository`], options);

/** Serves until `use` has ended, and interrupts it then. */
async function serving(
  use: (uri: (disk: string) => string) => Promise<void>,
  ...more: string[]
): Promise<CliResult> {
  const stop = new AbortController();
  const listening = Promise.withResolvers<void>();
  const socket = join(dir, `run-${randomBytes(3).toString('hex')}/socket`);
  const done = app(dir, ['export', VM.name, '--nbd', socket, ...more], {
    interrupt: stop.signal,
    onStdout: () => listening.resolve(),
  });
  try {
    await Promise.race([
      listening.promise,
      done.then(({ stderr }) => {
        throw new Error(stderr);
      }),
    ]);
    expect((await stat(join(socket, '..'))).mode & 0o777).toBe(0o700);
    await use(disk => `nbd+unix:///${disk}?socket=${socket}`);
    if (!more.includes('--once')) stop.abort('SIGINT');
    return await done;
  } finally {
    stop.abort('SIGINT');
    await done;
    expect(await readdir(join(socket, '..'))).toEqual([]);
  }
}

describe.skipIf(!present)('a point that is served over NBD', () => {
  test('is what nbdinfo and nbdcopy see: two exports, read-only, with their zeros and every byte', async () => {
    const ended = await serving(async uri => {
      const listed = JSON.parse((await run('nbdinfo', ['--list', '--json', uri('')])).stdout);
      expect(listed).toMatchObject({
        protocol: 'newstyle-fixed',
        structured: true,
        exports: [
          { 'export-name': 'disk-0', 'export-size': size, is_read_only: true, can_multi_conn: true },
          { 'export-name': 'disk-1', 'export-size': small.length, contexts: ['base:allocation'] },
        ],
      });
      const map = JSON.parse((await run('nbdinfo', ['--map', '--json', uri('disk-0')])).stdout);
      expect(map.map((one: object) => Object.values(one).slice(0, 3))).toEqual([
        [0, 4 * MiB, 3],
        [4 * MiB, 3 * MiB, 0],
        [7 * MiB, 17 * MiB, 3],
        [24 * MiB, 512, 0],
      ]);
      for (const [disk, content] of [
        ['disk-0', bytes],
        ['disk-1', small],
      ] as const) {
        await run('nbdcopy', [uri(disk), join(dir, `${disk}.copy`)]);
        expect(sha256(await readFile(join(dir, `${disk}.copy`)))).toBe(sha256(content));
      }
      // Nobody is asked to write who looks at the flags; whoever doesn't is refused.
      await expect(run('nbdcopy', [join(dir, 'b.raw'), uri('disk-1')])).rejects.toThrow(/read-only/);
      await expect(run('nbdinfo', [uri('disk-7')])).rejects.toThrow();
    });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
  });

  test('--once ends with the client that has read it', async () => {
    const ended = await serving(async uri => {
      await run('nbdinfo', ['--size', uri('disk-1')]);
      await run('qemu-img', ['compare', '-f', 'raw', '-F', 'raw', join(dir, 'a.raw'), uri('disk-0')]);
    }, '--once');
    expect(ended).toMatchObject({ code: 0, stderr: '' });
  });

  test('a folder that others can enter, or a socket that is served, is refused', async () => {
    const shared = join(dir, 'shared');
    await mkdir(shared, { mode: 0o755 });
    const open = await app(dir, ['export', VM.name, '--nbd', join(shared, 'socket')]);
    expect(open).toMatchObject({ code: 1, stderr: expect.stringContaining('others can enter') });
    await serving(async uri => {
      const socket = new URL(uri('disk-0')).searchParams.get('socket')!;
      const taken = await app(dir, ['export', VM.name, '--nbd', socket]);
      expect(taken.stderr).toContain(`${socket} exists already`);
    });
  });

  test('a pack that is gone: the client hears of an error, and the command says which object', async () => {
    const packs = join(dir, 'repository/vms');
    const at = (await readdir(packs, { recursive: true })).filter(name =>
      /packs\/..\/[0-9a-f]{32}$/.test(name),
    );
    for (const pack of at) await rename(join(packs, pack), join(packs, `${pack}.away`));
    try {
      const ended = await serving(async uri => {
        await expect(run('nbdcopy', [uri('disk-0'), join(dir, 'no.copy')])).rejects.toThrow(/Input\/output/);
      });
      expect(ended).toMatchObject({ code: 4, stderr: expect.stringContaining('/packs/') });
      const image = await app(dir, ['export', VM.name, '--to', join(dir, 'broken'), '--as', 'qcow2']);
      expect(image).toMatchObject({ code: 4, stderr: expect.stringContaining('/packs/') });
      expect(await readdir(join(dir, 'broken'))).toEqual([]);
    } finally {
      for (const pack of at) await rename(join(packs, `${pack}.away`), join(packs, pack));
    }
  });
});

describe.skipIf(!present)('images of a point', () => {
  test.each(['qcow2', 'vmdk'])(
    '%s: qemu-img finds what was replicated, and nobody else may read it',
    async as => {
      const to = join(dir, as);
      const made = await app(dir, ['export', VM.name, '--to', to, '--as', as]);
      expect(made.code, made.stderr).toBe(0);
      expect((await readdir(to)).sort()).toEqual([`disk-0.${as}`, `disk-1.${as}`]);
      expect((await stat(join(to, `disk-0.${as}`))).mode & 0o777).toBe(0o600);
      const compared = ['compare', '-f', 'raw', '-F', as, join(dir, 'a.raw'), join(to, `disk-0.${as}`)];
      expect(execFileSync('qemu-img', compared).toString()).toContain('Images are identical');
      const again = await app(dir, ['export', VM.name, '--to', to, '--as', as]);
      expect(again.stderr).toContain(`disk-0.${as} exists already`);
    },
  );

  test('without qemu-img, it is named and nothing is written', async () => {
    vi.stubEnv('PATH', join(dir, 'nothing'));
    onTestFinished(() => void vi.unstubAllEnvs());
    const made = await app(dir, ['export', VM.name, '--to', join(dir, 'x'), '--as', 'qcow2']);
    expect(made).toMatchObject({ code: 4, stderr: expect.stringContaining('qemu-utils') });
    await expect(stat(join(dir, 'x'))).rejects.toThrow('ENOENT');
  });
});

test('offset files put back by their names are the disk; raw is what restore writes', async () => {
  const to = join(dir, 'offsets');
  expect((await app(dir, ['export', VM.name, '--to', to, '--as', 'offset-files'])).code).toBe(0);
  const names = await readdir(join(to, 'disk-0.offsets'));
  expect(names.sort()).toEqual(['0000000004194304', '0000000025165824', 'size']);
  const back = Buffer.alloc(Number(await readFile(join(to, 'disk-0.offsets/size'), 'utf8')));
  for (const name of names.filter(one => one !== 'size'))
    (await readFile(join(to, 'disk-0.offsets', name))).copy(back, Number(name));
  expect(sha256(back)).toBe(sha256(bytes));
  expect((await app(dir, ['export', VM.name, '--to', join(dir, 'raw')])).code).toBe(0);
  expect(sha256(await readFile(join(dir, 'raw/disk-0.raw')))).toBe(sha256(bytes));
});

const ntfs = dc02Present && has('ntfscat', 'ntfsls');
if (!ntfs) console.warn('SKIPPED: files of the real NTFS disk: no ../shared/data/disks/dc02, or no ntfs-3g');

test.skipIf(!ntfs)(
  'files out of a point of the real NTFS disk are those that ntfscat gives',
  async () => {
    const at = join(dir, 'dc02');
    await mkdir(at);
    const image = join(at, 'dc02.raw');
    await toState(image, 0);
    const whole = await readFile(image);
    await replicated(at, [whole]);
    const json = async (what: string) => {
      const found = await app(at, ['files', what, '--format', 'json']);
      expect(found.code, found.stderr).toBe(0);
      return JSON.parse(found.stdout);
    };
    expect((await json(VM.name)).volumes).toMatchObject([{ name: '0.1', content: 'ntfs' }]);
    const part = join(at, 'volume');
    const start = whole.readUInt32LE(446 + 8) * 512;
    await writeFile(part, whole.subarray(start));

    let compared = 0;
    const walk = async (folder: string): Promise<void> => {
      const { entries } = (await json(`${VM.name}:0.1/${folder}`)) as {
        entries: { name: string; kind: string }[];
      };
      const said = execFileSync('ntfsls', ['-a', '-s', '-p', `/${folder}`, part])
        .toString()
        .split('\n');
      expect(entries.map(({ name }) => name).sort()).toEqual(
        said.filter(name => !['', '.', '..'].includes(name)).sort(),
      );
      for (const { name, kind } of entries) {
        const path = folder === '' ? name : `${folder}/${name}`;
        if (compared >= 12 || name.startsWith('$') || path === 'System Volume Information') continue;
        if (kind === 'directory') await walk(path);
        else {
          // As Windows writes paths, and in letters of another size.
          const typed = path.replaceAll('/', '\\').toUpperCase();
          const copied = await app(at, [
            'files',
            `${VM.name}:0.1\\${typed}`,
            '--to',
            join(at, 'out'),
            '--force',
          ]);
          expect(copied.code, copied.stderr).toBe(0);
          const out = join(at, 'out', name.toUpperCase());
          expect(
            (await readFile(out)).equals(execFileSync('ntfscat', [part, path], { maxBuffer: 2 ** 28 })),
            path,
          ).toBe(true);
          expect((await stat(out)).mode & 0o777).toBe(0o600);
          compared++;
        }
      }
    };
    await walk('');
    expect(compared).toBe(12);
    const gone = await app(at, ['files', `${VM.name}:0.1/no/such`]);
    expect(gone).toMatchObject({ code: 1, stderr: expect.stringContaining('is not there') });
    expect((await app(at, ['files', `${VM.name}:0.7`])).stderr).toContain('0.1 (ntfs)');
  },
  120_000,
);

const ext = has('mkfs.ext4', 'truncate');
if (!ext) console.warn('SKIPPED: files of an ext4 file system: no mkfs.ext4 (e2fsprogs)');

test.skipIf(!ext)(
  'what is listed and is no file is not called missing; zeros of a file are holes',
  async () => {
    const at = join(dir, 'ext');
    const source = join(at, 'source');
    await mkdir(source, { recursive: true });
    await writeFile(join(source, 'text'), 'text');
    await symlink('text', join(source, 'link'));
    await symlink('../../etc/hostname', join(source, 'away'));
    await symlink('nowhere', join(source, 'dangling'));
    execFileSync('mkfifo', [join(source, 'pipe')]);
    const sparse = await open(join(source, 'sparse'), 'w');
    await sparse.write('begin', 0);
    await sparse.write('end', 12 * MiB + 17);
    await sparse.truncate(20 * MiB);
    await sparse.close();
    const image = join(at, 'disk.raw');
    execFileSync('truncate', ['-s', '16M', image]);
    execFileSync('mkfs.ext4', ['-q', '-d', source, image], { stdio: 'ignore' });
    await replicated(at, [await readFile(image)]);
    const to = join(at, 'out');
    const files = (path: string) => app(at, ['files', `${VM.name}:0.0/${path}`, '--to', to]);
    for (const name of ['away', 'dangling']) {
      const { code, stderr } = await files(name);
      expect([code, stderr]).toEqual([
        1,
        expect.stringContaining(`0.0/${name} is a link, and what it leads to`),
      ]);
    }
    expect((await files('pipe')).stderr).toContain('is neither a file nor a folder');
    expect((await files('nothing')).stderr).toContain('is not there');
    expect((await files('text/more')).stderr).toContain('is not there');
    expect((await files('link')).code).toBe(0);
    expect(await readFile(join(to, 'link'), 'utf8')).toBe('text');
    expect((await files('sparse')).code).toBe(0);
    expect((await readFile(join(to, 'sparse'))).equals(await readFile(join(source, 'sparse')))).toBe(true);
    expect((await stat(join(to, 'sparse'))).blocks * 512).toBeLessThan(MiB);
  },
);
