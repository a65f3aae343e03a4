import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import type { Command, Processes } from '../../src/io/ports.ts';
import { type Export, serve } from '../../src/nbd/nbdkit.ts';
import { cli, scratch } from '../support/cli.ts';
import { readFrom } from '../support/read-from.ts';
import { failureOf } from '../vsphere/scripted-server.ts';
import { nbdkitPresent, vddkStandIn } from './nbdkit.ts';

// nbdkit of Debian judges the client; its curl plugin, behind the arguments of VMware's, reads the lab.
const MiB = 1 << 20;
const size = 24 * MiB + 512;
const host = nodeHost();

// What is left there is looked for: other tests that run meanwhile have such folders, too.
const shared = process.env.TMPDIR;
beforeAll(async () => {
  process.env.TMPDIR = await mkdtemp(join(tmpdir(), 'converge-nbdkit-'));
});
afterAll(async () => {
  await rm(tmpdir(), { recursive: true });
  if (shared === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = shared;
});

/** A sparse file: noise at 4 MiB and at its end, holes elsewhere. */
async function disk(): Promise<{ path: string; bytes: Buffer }> {
  const path = join(await scratch(), 'disk.raw');
  const bytes = Buffer.alloc(size);
  randomBytes(3 * MiB).copy(bytes, 4 * MiB);
  randomBytes(512).copy(bytes, size - 512);
  const file = await open(path, 'w');
  await file.truncate(size);
  await file.write(bytes.subarray(4 * MiB, 7 * MiB), 0, 3 * MiB, 4 * MiB);
  await file.write(bytes.subarray(size - 512), 0, 512, size - 512);
  await file.close();
  return { path, bytes };
}

async function served(what: Omit<Export, 'of' | 'program'>, processes: Processes = host.processes) {
  const it = await serve({ of: 'Hard disk 1', program: 'nbdkit', ...what }, { processes, clock: host.clock });
  onTestFinished(() => it.close());
  return it.client;
}

/** Processes that can be killed from outside, by the path of their socket. */
const killable = () => {
  const sockets: string[] = [];
  const processes: Processes = {
    run: (command: Command, signal) => {
      sockets.push(command.args[command.args.indexOf('--unix') + 1]!);
      return host.processes.run(command, signal);
    },
  };
  return {
    processes,
    sockets,
    kill: () => execFileSync('pkill', ['-KILL', '-f', `nbdkit .*${sockets.at(-1)}`]),
  };
};

describe.skipIf(!nbdkitPresent)('a client of NBD and nbdkit', () => {
  test('any range is read as it is in the file, many at once', async () => {
    const { path, bytes } = await disk();
    const client = await served({ plugin: ['file', path] });
    expect(client.size).toBe(size);
    const range = fc
      .tuple(fc.nat(size), fc.nat(size))
      .map(([a, b]) => ({ offset: Math.min(a, b), length: Math.abs(a - b) }));
    await fc.assert(
      fc.asyncProperty(fc.array(range, { minLength: 1, maxLength: 12 }), async ranges => {
        const read = await Promise.all(ranges.map(({ offset, length }) => readFrom(client, offset, length)));
        for (const [i, { offset, length }] of ranges.entries())
          expect(read[i]!.equals(bytes.subarray(offset, offset + length))).toBe(true);
      }),
      { numRuns: 20 },
    );
    await expect(readFrom(client, size - 1, 2)).rejects.toThrow(RangeError);
  });

  test('what is zeros is what nbdinfo says, without gaps and whatever part is asked for', async () => {
    const { path } = await disk();
    const client = await served({ plugin: ['file', path] });
    const judged = JSON.parse(
      execFileSync('nbdinfo', ['--map', '--json', '--', '[', 'nbdkit', '-r', 'file', path, ']']).toString(),
    ) as { offset: number; length: number; type: number }[];
    const whole = await client.status(0, size);
    expect(whole).toEqual(
      judged.map(({ offset, length, type }) => ({ start: offset, length, zero: (type & 2) !== 0 })),
    );
    const part = await client.status(5 * MiB, 3 * MiB);
    expect(part).toEqual([
      { start: 5 * MiB, length: 2 * MiB, zero: false },
      { start: 7 * MiB, length: MiB, zero: true },
    ]);
  });

  test('a server that tells nothing of what is allocated: all of it may be something', async () => {
    const { path } = await disk();
    const client = await served({ filters: ['noextents'], plugin: ['file', path] });
    expect((await client.status(0, size)).some(({ zero }) => zero)).toBe(false);
  });

  test('bytes that the server can not read: which, and of which disk; others are read', async () => {
    const { path, bytes } = await disk();
    const client = await served({
      plugin: [
        'eval',
        `get_size=echo ${size}`,
        `pread=if [ $4 -ge ${5 * MiB} ]; then echo EIO bad sector >&2; exit 1; fi; dd if=${path} bs=512 skip=$(($4/512)) count=$(($3/512)) status=none`,
      ],
    });
    const [ok, refused] = await Promise.all([
      readFrom(client, 4 * MiB, 512),
      failureOf(readFrom(client, 6 * MiB, 512)),
    ]);
    expect(ok.equals(bytes.subarray(4 * MiB, 4 * MiB + 512))).toBe(true);
    expect(refused.diagnostics).toMatchObject([
      {
        code: 'nbd-read',
        message: expect.stringMatching(
          /^Hard disk 1 can't be read at byte 6291456: EIO; nbdkit says: nbdkit: .*bad sector\.$/,
        ),
      },
    ]);
  });

  test('a server that is killed while it is read: said with how it ended, and so is all that is asked later', async () => {
    const { path } = await disk();
    const { processes, kill } = killable();
    const client = await served({ filters: ['delay'], plugin: ['file', path, 'rdelay=30'] }, processes);
    const reading = failureOf(readFrom(client, 0, 512));
    kill();
    for (const failure of [await reading, await failureOf(readFrom(client, 0, 512))])
      expect(failure.diagnostics).toMatchObject([
        { code: 'nbdkit-failed', message: 'nbdkit, which serves Hard disk 1, was killed.' },
      ]);
  });

  test('what is written anywhere, many at once, is in the file once it is flushed', async () => {
    const { path, bytes } = await disk();
    const client = await served({ plugin: ['file', path], writable: true });
    const piece = fc.record({ at: fc.nat(size - 1), length: fc.integer({ min: 1, max: 3 * MiB }) });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 8 }), async pieces => {
        // Those that overlap go one after another.
        const apart = pieces.filter(
          (one, n) =>
            !pieces.some((it, m) => m < n && it.at < one.at + one.length && one.at < it.at + it.length),
        );
        await Promise.all(
          apart.map(({ at, length }) => {
            const sent = randomBytes(Math.min(length, size - at));
            sent.copy(bytes, at);
            return client.write(at, sent);
          }),
        );
        await client.flush();
        expect(sha256(await readFile(path))).toBe(sha256(bytes));
      }),
      { numRuns: 10 },
    );
    await expect(client.write(size - 1, Buffer.alloc(2))).rejects.toThrow(RangeError);
  });

  test.for<[string, Omit<Export, 'of' | 'program'>, RegExp]>([
    ['a server that is not to be written', { plugin: ['memory', '1M'] }, /lets nobody write/],
    [
      'one that keeps nothing for certain',
      { plugin: ['eval', 'get_size=echo 4096', 'pwrite=cat >/dev/null', 'pread=exit 1'], writable: true },
      /can not be told to keep/,
    ],
    [
      'a place that can not be written',
      {
        filters: ['error'],
        plugin: ['memory', '1M', 'error-pwrite=ENOSPC', 'error-pwrite-rate=100%'],
        writable: true,
      },
      /Hard disk 1 can't be written: at byte 512: ENOSPC/,
    ],
  ])('%s: which disk, and why', async ([, what, why]) => {
    const client = await served(what);
    const failure = await failureOf(client.write(512, Buffer.alloc(512, 1)));
    expect(failure.diagnostics).toMatchObject([{ code: 'nbd-write', message: expect.stringMatching(why) }]);
  });

  test('a server that can not flush is asked to keep each write before it answers', async () => {
    const dir = await scratch();
    const plugin = ['eval', 'get_size=echo 4096', 'can_fua=echo native', 'pread=exit 1'];
    const client = await served({
      plugin: [...plugin, `pwrite=cat >/dev/null; echo $5 >> ${dir}/flags`],
      writable: true,
    });
    await Promise.all([client.write(0, Buffer.alloc(512)), client.write(512, Buffer.alloc(512))]);
    await client.flush();
    expect(await readFile(join(dir, 'flags'), 'utf8')).toBe('fua\nfua\n');
  });

  test('a server that is killed while it is written: said with how it ended', async () => {
    const { path } = await disk();
    const { processes, kill } = killable();
    const client = await served(
      { filters: ['delay'], plugin: ['file', path, 'wdelay=30'], writable: true },
      processes,
    );
    const writing = failureOf(client.write(0, Buffer.alloc(512)));
    kill();
    for (const failure of [await writing, await failureOf(client.flush())])
      expect(failure.has('nbdkit-failed')).toBe(true);
  });

  test('a server that does not start: its own words; nothing is left', async () => {
    const failure = await failureOf(
      serve({ of: 'Hard disk 1', program: 'nbdkit', plugin: ['file', '/not/there'] }, host),
    );
    expect(failure.diagnostics).toMatchObject([
      { code: 'nbdkit-failed', message: expect.stringContaining('/not/there: No such file or directory') },
    ]);
    const absent = await failureOf(
      serve({ of: 'Hard disk 1', program: 'no-such-nbdkit', plugin: ['x'] }, host),
    );
    expect(absent.has('program-not-started')).toBe(true);
  });

  // Where VMware's plugin logs in and opens the disk: nbdkit itself goes on.
  test('a disk that the plugin can not open: its own words, after one attempt; nothing is left', async () => {
    const attempts = join(await scratch(), 'attempts');
    const before = new Set(await readdir(tmpdir()));
    const plugin = ['eval', 'get_size=echo 4096', 'pread=exit 1'];
    const open = `open=echo x >> ${attempts}; echo EPERM VixDiskLib: wrong user or password >&2; exit 1`;
    const failure = await failureOf(
      serve({ of: 'Hard disk 1', program: 'nbdkit', plugin: [...plugin, open] }, host),
    );
    expect(failure.diagnostics).toMatchObject([
      {
        code: 'nbdkit-failed',
        message: expect.stringMatching(/^nbdkit does not open Hard disk 1: .*wrong user or password\.$/),
      },
    ]);
    expect(await readFile(attempts, 'utf8')).toBe('x\n');
    const left = (await readdir(tmpdir())).filter(
      name => name.startsWith('converge-nbd-') && !before.has(name),
    );
    expect(left).toEqual([]);
  });

  test.each(['get_ready', 'open', 'get_size', 'can_extents', 'extents', 'pread', 'close'])(
    'a server that is killed at the step %s: said with how it ended, and neither it nor a file is left',
    async step => {
      const { path, bytes } = await disk();
      const before = new Set(await readdir(tmpdir()));
      const { processes, sockets } = killable();
      const answers: Record<string, string> = {
        get_size: `echo ${size}`,
        can_extents: 'exit 0',
        extents: `echo 0 ${size}`,
        pread: `dd if=${path} bs=512 skip=$(($4/512)) count=$(($3/512)) status=none`,
        close: 'exit 0',
        get_ready: 'exit 0',
        open: 'exit 0',
      };
      // The script's parent is nbdkit.
      const died = join(path, '..', 'died');
      answers[step] = `touch ${died}; kill -KILL $PPID`;
      const plugin = ['eval', ...Object.entries(answers).map(([name, text]) => `${name}=${text}`)];
      const work = async () => {
        const it = await serve({ of: 'Hard disk 1', program: 'nbdkit', plugin }, { ...host, processes });
        try {
          expect(await it.client.status(0, size)).toEqual([{ start: 0, length: size, zero: false }]);
          expect(
            (await readFrom(it.client, 4 * MiB, 512)).equals(bytes.subarray(4 * MiB, 4 * MiB + 512)),
          ).toBe(true);
        } finally {
          await it.close();
        }
      };
      if (step === 'close') await work();
      else expect((await failureOf(work())).has('nbdkit-failed')).toBe(true);
      const left = (await readdir(tmpdir())).filter(
        name => name.startsWith('converge-nbd-') && !before.has(name),
      );
      expect(left).toEqual([]);
      // One that is told to end just then may not come to its last words.
      if (step !== 'close') expect((await readFile(died)).length).toBe(0);
      const running = spawnSync('pgrep', ['-f', `nbdkit .*${sockets.at(-1)}`], { encoding: 'utf8' });
      expect(running.stdout).toBe('');
    },
  );

  test('a server that opens nothing and never says so: given up, and that is the reason', async () => {
    const plugin = ['eval', `get_size=echo ${size}`, 'open=sleep 60', 'pread=exit 1'];
    const patience = { opening: 500, answering: 500 };
    const opened = serve({ of: 'Hard disk 1', program: 'nbdkit', plugin }, { ...host, patience });
    expect((await failureOf(opened)).diagnostics).toMatchObject([
      { code: 'nbdkit-failed', message: 'nbdkit does not open Hard disk 1: nothing came for 0.5 seconds.' },
    ]);
  });

  test('a server that neither goodbye nor SIGTERM ends is killed', async () => {
    const { path } = await disk();
    const { processes, sockets } = killable();
    // A callback that goes on for as long as somebody reads what it says.
    const it = await serve(
      {
        of: 'Hard disk 1',
        program: 'nbdkit',
        plugin: [
          'eval',
          `get_size=echo ${size}`,
          `pread=dd if=${path} bs=$3 count=1 status=none`,
          'close=trap "" TERM; while echo on 2>/dev/null; do :; done',
        ],
      },
      { ...host, processes },
    );
    await it.close();
    expect(spawnSync('pgrep', ['-f', `nbdkit .*${sockets.at(-1)}`], { encoding: 'utf8' }).stdout).toBe('');
  });

  test('one that is closed in the middle of a read ends, and leaves no file', async () => {
    const { path } = await disk();
    const before = new Set(await readdir(tmpdir()));
    const it = await serve(
      { of: 'Hard disk 1', program: 'nbdkit', filters: ['delay'], plugin: ['file', path, 'rdelay=1'] },
      host,
    );
    const reading = failureOf(readFrom(it.client, 0, 512));
    await it.close();
    expect((await reading).has('nbd-ended')).toBe(true);
    const left = (await readdir(tmpdir())).filter(
      name => name.startsWith('converge-nbd-') && !before.has(name),
    );
    expect(left).toEqual([]);
  });
});

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** A lab with a VM below somebody's snapshot, and a manifest whose target declares nbdkit. */
async function belowASnapshot(nbdkit: string) {
  const dir = await scratch();
  const { path, bytes } = await disk();
  const lab = ['--lab', join(dir, 'lab')];
  const run = (...args: string[]) => cli(dir, [...args, ...lab]);
  await run('lab', 'add-vm', 'app', '--disk', path);
  // Tracking can't begin below a snapshot.
  await writeFile(join(dir, 'm.yaml'), manifest(''));
  expect((await run('apply', 'm.yaml')).code).toBe(0);
  await run('lab', 'add-snapshot', 'app', 'before the upgrade');
  randomBytes(64 * 1024).copy(bytes, 12 * MiB);
  await writeFile(path, bytes);
  await run('lab', 'set-disk', 'app', '0', path);
  await run('lab', 'clock', '1h');
  await writeFile(join(dir, 'm.yaml'), manifest(nbdkit));
  return { dir, run, bytes };
}

const manifest = (nbdkit: string) => `converge: 1
targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: svc, password: "\${secret('env:NEVER_SET')}"${nbdkit} }
  dr: { type: aws, region: eu-west-1 }
resources:
  bucket: { dr-bucket: { versioning: true, public_access: blocked } }
  protected_vm: { app: { repository: s3://dr-bucket/dr, schedule: every 15 minutes } }
`;

describe.skipIf(!nbdkitPresent)('disks below snapshots of others', () => {
  test('are read through nbdkit; no secret is among its arguments', async () => {
    const program = await vddkStandIn(await scratch());
    const { dir, run, bytes } = await belowASnapshot(`, nbdkit: { program: ${program} }`);
    const applied = await run('apply', 'm.yaml');
    expect(applied.code, applied.stderr).toBe(0);
    expect(applied.stdout).toContain('read by nbd (the target declares nbdkit)');
    await run('restore', 'app', 'm.yaml', '--to', join(dir, 'back'));
    expect(sha256(await readFile(join(dir, 'back/disk-0.raw')))).toBe(sha256(bytes));

    const beside = join(program, '..');
    const argv = (await readFile(join(beside, 'argv'), 'utf8')).split('\n');
    const { password } = JSON.parse(await readFile(join(dir, 'lab/lab.json'), 'utf8')).vsphere;
    expect(argv.join('\n')).not.toContain(password);
    expect(argv).toEqual(expect.arrayContaining(['--readonly', '--exit-with-parent', 'vddk']));
    expect(argv).toEqual(expect.arrayContaining([expect.stringMatching(/^vm=moref=vm-\d+$/)]));
    expect(argv).toEqual(
      expect.arrayContaining([expect.stringMatching(/^thumbprint=([0-9A-F]{2}:){19}[0-9A-F]{2}$/)]),
    );
    expect(argv).toEqual(
      expect.arrayContaining([expect.stringMatching(/^file=\[datastore1\] app\/app.*\.vmdk$/)]),
    );
    expect((await readFile(join(beside, 'files'), 'utf8')).split(' ')[0]).toBe('600');
  });

  test('can not be read over the datastore: the way out is named', async () => {
    const { run } = await belowASnapshot('');
    const refused = await run('apply', 'm.yaml');
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain('before the upgrade');
    expect(refused.stderr).toContain('nbdkit');
  });

  test('a first copy leaves out what is not in use; an nbdkit that does not start is done without where that can be', async () => {
    const dir = await scratch();
    const { path, bytes } = await disk();
    const lab = ['--lab', join(dir, 'lab')];
    const run = (...args: string[]) => cli(dir, [...args, ...lab]);
    await run('lab', 'add-vm', 'app', '--disk', path);
    const program = await vddkStandIn(dir, '--filter=extentlist', `extentlist=${dir}/extents`);
    await writeFile(join(dir, 'extents'), `${4 * MiB} ${3 * MiB}\n${24 * MiB} 512\n`);
    await writeFile(join(dir, 'm.yaml'), manifest(`, transport: nbd, nbdkit: { program: ${program} }`));
    const first = await run('apply', 'm.yaml');
    expect(first.code, first.stderr).toBe(0);
    expect(first.stdout).toMatch(/: 3(\.\d)? MiB read, .*read by nbd \(the target says so\)/);
    await run('restore', 'app', 'm.yaml', '--to', join(dir, 'back'));
    expect(sha256(await readFile(join(dir, 'back/disk-0.raw')))).toBe(sha256(bytes));

    await run('lab', 'clock', '1h');
    await writeFile(join(dir, 'm.yaml'), manifest(', nbdkit: { program: /no/such/nbdkit }'));
    const second = await run('apply', 'm.yaml');
    expect(second.code, second.stderr).toBe(0);
    expect(second.stdout).toMatch(/read by datastore \(nbdkit did not serve it: .*\/no\/such\/nbdkit/);
  });

  test('a server that calls zeros what is not: all is read, and said', async () => {
    const dir = await scratch();
    const { path, bytes } = await disk();
    const lab = ['--lab', join(dir, 'lab')];
    const run = (...args: string[]) => cli(dir, [...args, ...lab]);
    await run('lab', 'add-vm', 'app', '--disk', path);
    const program = await vddkStandIn(dir, '--filter=extentlist', `extentlist=${dir}/extents`);
    await writeFile(join(dir, 'extents'), `0 ${MiB}\n`);
    await writeFile(join(dir, 'm.yaml'), manifest(`, nbdkit: { program: ${program} }`));
    const first = await run('apply', 'm.yaml');
    expect(first.code, first.stderr).toBe(0);
    expect(first.stdout).toMatch(/said to be zeros at byte \d+, and isn't/);
    await run('restore', 'app', 'm.yaml', '--to', join(dir, 'back'));
    expect(sha256(await readFile(join(dir, 'back/disk-0.raw')))).toBe(sha256(bytes));
  });

  test('a disk that no file service has (vSAN) is read by nbdkit alone; one with bad sectors makes no point, and is named', async () => {
    const dir = await scratch();
    const { path, bytes } = await disk();
    const lab = ['--lab', join(dir, 'lab')];
    const run = (...args: string[]) => cli(dir, [...args, ...lab]);
    await run('lab', 'add-vm', 'app', '--disk', path);
    const asVsan = () => run('lab', 'fault', 'no-flat-files', '--on', 'vsphere');
    await writeFile(join(dir, 'm.yaml'), manifest(''));
    await asVsan();
    const plain = await run('apply', 'm.yaml');
    expect(plain.code).toBe(4);
    expect(plain.stderr).toMatch(/vSAN and vVol datastores have no flat files/);
    const bad = join(dir, 'bad-sectors');
    const program = await vddkStandIn(
      dir,
      '--filter=error',
      `error-pread=EIO error-pread-rate=1 error-pread-file=${bad}`,
    );
    await writeFile(join(dir, 'm.yaml'), manifest(`, nbdkit: { program: ${program} }`));
    await writeFile(bad, '');
    await asVsan();
    const refused = await run('apply', 'm.yaml');
    expect(refused.code).toBe(4);
    expect(refused.stderr).toMatch(/Hard disk 1.* can't be read at byte \d+: EIO/);
    await rm(bad);
    await asVsan();
    const applied = await run('apply', 'm.yaml');
    expect(applied.code, applied.stderr).toBe(0);
    expect(applied.stdout).toContain('read by nbd');
    // What a failed cycle made at the source is gone: nothing was left for this one to remove.
    expect(applied.stdout + applied.stderr).not.toContain('left behind');
    await run('restore', 'app', 'm.yaml', '--to', join(dir, 'back'));
    expect(sha256(await readFile(join(dir, 'back/disk-0.raw')))).toBe(sha256(bytes));
  });
});
