/**
 * Another user swaps names while root works on them: `node tools/race-files.ts [SWAPS]`. A process of the
 * user `nobody` owns a folder and swaps what is in it, and folders above, for links to what only root may
 * touch, as often as it is told. Root uses every call of the Files port there meanwhile. Afterwards what was
 * to be protected has to be as it was. Needs root and Linux; says SKIPPED without.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFiles as files } from '../src/io/node-files.ts';

const nobody = 65534;

/** What the other user runs. It gets the folder and the number of swaps, and says how many it made. */
const attacker = `
  const fs = require('node:fs');
  const [dir, precious, swaps] = process.argv.slice(1);
  const may = (work) => { try { work(); return 1; } catch { return 0; } };
  let made = 0;
  for (let turn = 0; made < Number(swaps); turn++) {
    // A folder above.
    made += may(() => {
      fs.renameSync(dir + '/sub', dir + '/away');
      fs.symlinkSync(precious, dir + '/sub');
      fs.unlinkSync(dir + '/sub');
      fs.renameSync(dir + '/away', dir + '/sub');
    });
    may(() => fs.unlinkSync(dir + '/sub'));
    may(() => fs.renameSync(dir + '/away', dir + '/sub'));
    // A name, and whatever has a temporary one.
    const names = ['f', ...fs.readdirSync(dir + '/sub').filter(name => name.startsWith('.converge'))];
    for (const name of names) made += may(() => {
      fs.rmSync(dir + '/sub/' + name, { recursive: true, force: true });
      fs.symlinkSync(precious + '/f', dir + '/sub/' + name);
    });
    may(() => fs.unlinkSync(dir + '/sub/f'));
    may(() => fs.writeFileSync(dir + '/sub/f', 'mine', { mode: 0o777 }));
    made += may(() => fs.linkSync(precious + '/f', dir + '/sub/g'));
    may(() => fs.unlinkSync(dir + '/sub/g'));
  }
  process.stdout.write(String(made));`;

/** All that root does there, time and again. Each may be refused; none may reach anything else. */
const uses: Record<string, (at: string) => Promise<unknown>> = {
  write: at => files.writeAtomic(join(at, 'f'), Buffer.from('new'), { mode: 0o666 }),
  'write a secret': at => files.writeAtomic(join(at, 's'), Buffer.from('secret'), { private: true }),
  chmod: at => files.chmod(join(at, 'f'), 0o4777),
  'chmod of a folder': at => files.chmod(at, 0o777),
  'open to change': async at => {
    const file = await files.open(join(at, 'f'), 'r+');
    await file?.write(Buffer.from('changed'), 0).finally(() => file.close());
  },
  'create, fill and rename': async at => {
    const temporary = join(at, await files.temporaryName());
    const file = (await files.open(temporary, 'create-new', { mode: 0o600 }))!;
    await file
      .write(Buffer.from('body'), 0)
      .then(() => file.chmod(0o755))
      .finally(() => file.close());
    await files.rename(temporary, join(at, 'g'));
  },
  'make folders': at => files.mkdir(join(at, 'd/e'), { recursive: true }),
  'remove all': at => files.remove(join(at, 'd'), { recursive: true }),
  remove: at => files.remove(join(at, 'f')),
  read: async at => {
    if (String(await files.read(join(at, 'f'))) === content) throw new Error('read what is precious');
  },
  list: async at => {
    if ((await files.list(at))?.includes('only-here')) throw new Error('listed what is precious');
  },
};

const content = 'precious';

async function ended(child: ChildProcess): Promise<string> {
  let said = '';
  child.stdout!.on('data', data => {
    said += data;
  });
  const code = await new Promise(resolve => child.once('close', resolve));
  if (code !== 0) throw new Error(`the other user's process ended with ${code}`);
  return said;
}

async function race(swaps: number): Promise<void> {
  const root = await fs.mkdtemp(join(tmpdir(), 'converge-race-'));
  try {
    const [theirs, precious] = [join(root, 'theirs'), join(root, 'precious')];
    await fs.chmod(root, 0o755);
    await fs.mkdir(precious, { mode: 0o711 });
    await fs.writeFile(join(precious, 'f'), content, { mode: 0o600 });
    await fs.writeFile(join(precious, 'only-here'), '');
    await fs.mkdir(join(precious, 'd'));
    await fs.writeFile(join(precious, 'd/f'), content);
    await fs.mkdir(join(theirs, 'sub'), { recursive: true });
    for (const path of [theirs, join(theirs, 'sub')]) await fs.chown(path, nobody, nobody);
    const before = await describe(precious);

    const child = spawn(process.execPath, ['-e', attacker, theirs, precious, String(swaps)], {
      uid: nobody,
      gid: nobody,
      cwd: '/',
      env: {},
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let isOver = false;
    const over = ended(child).finally(() => {
      isOver = true;
    });
    const counts = { done: 0, refused: 0 };
    while (!isOver)
      for (const use of Object.values(uses))
        await use(join(theirs, 'sub')).then(
          () => counts.done++,
          error => {
            if (!(error instanceof Error) || error.name !== 'Failure') throw error;
            counts.refused++;
          },
        );
    const made = await over;
    const after = await describe(precious);
    if (after !== before) throw new Error(`what only root may touch was touched:\n${before}\n${after}`);
    process.stdout.write(
      `${made} swaps by another user: ${counts.done} calls of root's were done, ${counts.refused} refused, and nothing else was touched\n`,
    );
  } finally {
    await fs.rm(root, { recursive: true, force: true });
  }
}

/** Everything below a folder: names, owners, modes, links and content. */
async function describe(path: string): Promise<string> {
  const { uid, mode, nlink } = await fs.lstat(path);
  const kind = (await fs.lstat(path)).isDirectory();
  const own = `${path} ${uid} ${mode.toString(8)} ${kind ? '' : `${nlink} ${await fs.readFile(path, 'utf8')}`}`;
  const below = kind ? (await fs.readdir(path)).sort() : [];
  return [own, ...(await Promise.all(below.map(name => describe(join(path, name)))))].join('\n');
}

if (process.platform !== 'linux' || process.geteuid?.() !== 0)
  process.stdout.write('SKIPPED: the race for names needs root and Linux; it was not run\n');
else await race(Number(process.argv[2] ?? 30_000));
