import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { runMark } from '../../support/run-mark.ts';
import { endAll, start } from '../../support/start.ts';
import { folder } from '../s3-programs.ts';

/** Where .ci/peers.d/silent.sh puts restic and runrestic. */
export const PEER = '/usr/local/lib/converge-peers/restic/bin';

interface Ended {
  code: number | null;
  said: string;
}

/** A folder with something to back up, and runrestic's file for it. */
async function place() {
  const dir = folder();
  const env = { PATH: `${PEER}:${process.env.PATH}`, HOME: dir, RESTIC_PASSWORD: 'x', ...runMark };
  const run = (program: string, ...args: string[]): Promise<Ended> =>
    new Promise((done, rejected) => {
      const child = spawn(program, args, { cwd: dir, env: { ...env, XDG_CACHE_HOME: join(dir, 'cache') } });
      let said = '';
      for (const from of [child.stdout, child.stderr])
        from.on('data', piece => {
          said += piece;
        });
      child.on('error', rejected).on('close', code => done({ code, said }));
    });
  const write = (file: string, backup: string, repository = 'repo') =>
    writeFile(
      join(dir, file),
      `repositories = ["${join(dir, repository)}"]
[environment]
RESTIC_PASSWORD = "x"
[backup]
${backup}
[prune]
keep-last = 10
[metrics.prometheus]
path = "${join(dir, `${file}.prom`)}"
`,
    );
  await mkdir(join(dir, 'vms/dc02'), { recursive: true });
  await mkdir(join(dir, 'vms/sql01'));
  await writeFile(join(dir, 'vms/dc02/disk'), Buffer.alloc(200_000, 'd'));
  await writeFile(join(dir, 'vms/sql01/disk'), Buffer.alloc(200_000, 's'));
  const sources = `sources = ["${join(dir, 'vms/dc02')}", "${join(dir, 'vms/sql01')}"]`;
  await write('all.toml', `${sources}\npost_hooks = ["echo told >> ${join(dir, 'hook')}"]`);
  const runrestic = (file: string, ...actions: string[]) => run('runrestic', '-c', file, ...actions);
  /** Values of a metric in the textfile, without its labels; undefined: it isn't there. */
  const metric = async (name: string, file = 'all.toml') => {
    const text = existsSync(join(dir, `${file}.prom`))
      ? await readFile(join(dir, `${file}.prom`), 'utf8')
      : '';
    const found = new RegExp(`^restic_${name}\\{.*\\} (\\S+)$`, 'm').exec(text);
    return found ? Number(found[1]) : undefined;
  };
  const hooks = async () =>
    existsSync(join(dir, 'hook')) ? (await readFile(join(dir, 'hook'), 'utf8')).split('\n').length - 1 : 0;
  /** A backup that goes on until it is ended: it reads from somebody who says nothing. */
  const long = async () => {
    const before = (await readdir(join(dir, 'repo/locks'))).length;
    const child = start('restic', ['-r', 'repo', 'backup', '--stdin'], {
      cwd: dir,
      env,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    await vi.waitFor(
      async () => expect(await readdir(join(dir, 'repo/locks'))).toHaveLength(before + 1),
      30_000,
    );
    return async () => {
      const ended = new Promise(done => child.once('exit', done));
      endAll(child);
      await ended;
    };
  };
  return { dir, run, runrestic, write, metric, hooks, long, sources };
}

/** One that was set up and has run once. */
async function running() {
  const it = await place();
  expect((await it.runrestic('all.toml', 'init')).code).toBe(0);
  expect((await it.runrestic('all.toml')).code).toBe(0);
  expect(await it.metric('total_errors')).toBe(0);
  return it;
}

async function neverRan(): Promise<string> {
  const it = await place();
  expect(existsSync(join(it.dir, 'all.toml.prom'))).toBe(false);
  expect((await it.runrestic('all.toml', 'init')).code).toBe(0);
  expect(await it.metric('last_run')).toBeGreaterThan(0);
  expect(await it.metric('total_errors')).toBe(0);
  const { code, said } = await it.run('restic', '-r', 'repo', 'snapshots');
  expect([code, said.trim()]).toEqual([0, '']);
  return 'nobody. Without a run there is no textfile; after `runrestic init` alone it says `restic_last_run` now and `restic_total_errors 0`; `restic snapshots` prints nothing and exits with 0';
}

async function repositoryGone(): Promise<string> {
  const it = await running();
  const told = await it.hooks();
  await rename(join(it.dir, 'repo'), join(it.dir, 'away'));
  const { code, said } = await it.runrestic('all.toml');
  expect(said).toContain('Fatal: repository does not exist: unable to open config file');
  const errors = await it.metric('total_errors');
  const rc = await it.metric('backup_rc');
  expect(Date.now() / 1000 - (await it.metric('last_run'))!).toBeLessThan(60);
  expect(await it.hooks()).toBe(told + 1);
  expect(existsSync(join(it.dir, 'repo'))).toBe(false);
  return `the run, at its time: exit ${code}, "Fatal: repository does not exist", \`restic_total_errors ${errors}\`, \`restic_backup_rc ${rc}\`, while \`restic_last_run\` is now; the \`post_hooks\` run as after a backup that went well`;
}

async function allSkipped(): Promise<string> {
  const it = await running();
  await rm(join(it.dir, 'vms/sql01'), { recursive: true });
  const fewer = await it.runrestic('all.toml', 'backup');
  expect(fewer.said).toContain('vms/sql01 does not exist, skipping');
  expect([fewer.code, await it.metric('total_errors'), await it.metric('backup_rc')]).toEqual([0, 0, 0]);
  await rm(join(it.dir, 'vms/dc02'), { recursive: true });
  await mkdir(join(it.dir, 'vms/dc02'));
  const empty = await it.runrestic('all.toml', 'backup');
  expect([empty.code, await it.metric('backup_processed_files')]).toEqual([0, 0]);
  await rm(join(it.dir, 'vms/dc02'), { recursive: true });
  const none = await it.runrestic('all.toml', 'backup');
  expect(none.said).toContain('Fatal: all source directories/files do not exist');
  return `one of two sources gone: "does not exist, skipping" in the log, exit ${fewer.code}, \`restic_total_errors 0\`; a source whose file system isn't mounted: exit ${empty.code}, \`restic_backup_processed_files 0\` is all that tells; all of them gone: exit ${none.code}`;
}

async function longFull(): Promise<string> {
  const it = await running();
  const end = await it.long();
  const runs = [
    await it.runrestic('all.toml'),
    await it.runrestic('all.toml'),
    await it.runrestic('all.toml'),
  ];
  await end();
  expect(runs.map(({ code }) => code)).toEqual([1, 1, 1]);
  expect(runs[0]!.said).toContain('repository is already locked');
  expect([await it.metric('backup_rc'), await it.metric('prune_rc'), await it.metric('check_rc')]).toEqual([
    0, 11, 11,
  ]);
  return `each run beside it by cron: the backup is made, then "repository is already locked", exit 1, \`restic_total_errors ${await it.metric('total_errors')}\` (\`restic_prune_rc 11\`): 3 runs, 3 failures. A timer of systemd starts no second run`;
}

async function restarted(): Promise<string> {
  const it = await running();
  await breakPacks(it.dir);
  const found = await it.runrestic('all.toml', 'check');
  expect(found.code).toBe(1);
  expect(await it.metric('total_errors')).toBeGreaterThan(0);
  const after = await it.runrestic('all.toml', 'backup');
  const errors = await it.metric('total_errors');
  expect(await it.metric('check_rc')).toBeUndefined();
  return `the textfile is what the last command wrote: \`runrestic check\` found damage, exit ${found.code}; the next \`runrestic backup\` exits with ${after.code} and leaves \`restic_total_errors ${errors}\` and no \`restic_check_rc\``;
}

/** Removes the packs with the content of files. */
async function breakPacks(dir: string): Promise<void> {
  const packs = (await readdir(join(dir, 'repo/data'), { recursive: true, withFileTypes: true })).filter(
    one => one.isFile(),
  );
  for (const { parentPath, name } of packs) await rm(join(parentPath, name));
}

async function overlap(): Promise<string> {
  const it = await running();
  await (await it.long())();
  const { code, said } = await it.runrestic('all.toml');
  expect(said).toContain('the `unlock` command can be used to remove stale locks');
  const again = await it.runrestic('all.toml');
  expect(again.code).toBe(code);
  expect((await it.runrestic('all.toml', 'unlock')).code).toBe(0);
  const unlocked = await it.runrestic('all.toml');
  return `a run that was killed leaves its lock: backups are made, but prune and check exit with 11, so each run exits with ${code} until somebody says \`unlock\`; then ${unlocked.code}`;
}

async function starved(): Promise<string> {
  const it = await running();
  await it.write(
    'a.toml',
    `${it.sources}\npre_hooks = ["while [ ! -e ${join(it.dir, 'go')} ]; do sleep 0.2; done"]`,
  );
  await it.write('b.toml', it.sources);
  const config = join(it.dir, 'config/runrestic');
  await mkdir(config, { recursive: true });
  for (const file of ['a.toml', 'b.toml'])
    await writeFile(join(config, file), await readFile(join(it.dir, file)), { mode: 0o600 });
  const child = spawn('runrestic', ['backup'], {
    cwd: it.dir,
    env: {
      PATH: `${PEER}:${process.env.PATH}`,
      HOME: it.dir,
      XDG_CONFIG_HOME: join(it.dir, 'config'),
      ...runMark,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', piece => {
    said += piece;
  });
  await vi.waitFor(() => expect(said).toMatch(/Starting '[ab]\.toml': backup/));
  await writeFile(join(it.dir, 'go'), '');
  const code = await new Promise(done => child.on('close', done));
  expect(code).toBe(0);
  const order = [...said.matchAll(/(Starting|Finished) '[ab]\.toml': \['backup'\]/g)].map(([, what]) => what);
  expect(order).toEqual(['Starting', 'Finished', 'Starting', 'Finished']);
  return 'several files run one after the other in one process: the next begins when the one before has ended, and nothing says that it waits';
}

/** What its scheduler, systemd, says of two nights. */
async function clocksChange(): Promise<string> {
  const it = await place();
  const next = async (day: string) => {
    const { code, said } = await it.run(
      'env',
      ...[
        'TZ=Europe/Berlin',
        'systemd-analyze',
        'calendar',
        `--base-time=${day} 12:00`,
        '*-*-* 02:30:00 Europe/Berlin',
      ],
    );
    expect(code, said).toBe(0);
    return /Next elapse: (.*)/.exec(said)![1]!;
  };
  const [spring, autumn] = [await next('2027-03-27'), await next('2026-10-24')];
  return `\`systemd-analyze calendar\` for 02:30 in Berlin: from Saturday noon on the next is "${spring}", so the night of 2027-03-28 is left out, and nobody says so; in autumn once, "${autumn}"`;
}

async function damaged(): Promise<string> {
  const it = await running();
  const packs = (await readdir(join(it.dir, 'repo/data'), { recursive: true, withFileTypes: true })).filter(
    one => one.isFile(),
  );
  for (const { parentPath, name } of packs) {
    const file = join(parentPath, name);
    await rm(`${file}-new`, { force: true });
    const bytes = await readFile(file);
    bytes[10] = bytes[10]! ^ 0xff;
    await writeFile(`${file}-new`, bytes, { mode: 0o400 });
    await rename(`${file}-new`, file);
  }
  const usual = await it.runrestic('all.toml', 'backup', 'check');
  const whole = await it.run('restic', '-r', 'repo', 'check', '--read-data');
  expect(whole.code).toBe(1);
  await breakPacks(it.dir);
  const gone = await it.runrestic('all.toml', 'backup');
  const checked = await it.runrestic('all.toml', 'check');
  return `bytes of all packs changed: the next run with \`check\` exits with ${usual.code}; \`check --read-data\` with ${whole.code}. All packs gone: \`backup\` exits with ${gone.code}, \`check\` with ${checked.code}. It makes no snapshots of VMs, so it leaves none`;
}

/** By number of the failure. */
export const RESTIC: Record<string, () => Promise<string>> = {
  1: neverRan,
  2: repositoryGone,
  3: allSkipped,
  4: longFull,
  5: restarted,
  7: overlap,
  8: starved,
  9: clocksChange,
  10: damaged,
};
