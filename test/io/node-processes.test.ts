import { spawnSync } from 'node:child_process';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { nodeProcesses } from '../../src/io/node-processes.ts';
import { temporaryFolder } from '../support/engine-host.ts';

const node = process.execPath;
const script = (text: string) => ({ file: node, args: ['-e', text] });
const shell = (text: string) => ({ file: 'sh', args: ['-c', text] });
/** A process that ended but that nobody has waited for is still listed, as a zombie. */
const isRunning = (pid: number): boolean => {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.startsWith('Z');
};
const processes = nodeProcesses({
  PATH: process.env.PATH,
  HOME: '/home/x',
  AWS_SECRET_ACCESS_KEY: 'k',
  VC_PASSWORD: 'p',
});

describe('running a program', () => {
  test('gives exit code and both streams, and no shell reads the arguments', async () => {
    const result = await processes.run({
      file: node,
      args: ['-e', 'console.log(process.argv[1]); console.error("e"); process.exitCode = 3', '$HOME; echo *'],
    });
    expect(result).toEqual({ exitCode: 3, stdout: '$HOME; echo *\n', stderr: 'e\n', timedOut: false });
  });

  test('secrets of the own environment are not handed on', async () => {
    vi.stubEnv('CONVERGE_PLANTED', 'planted');
    onTestFinished(() => void vi.unstubAllEnvs());
    const { stdout } = await processes.run({
      ...script('console.log(JSON.stringify(process.env))'),
      env: { GIVEN: '1' },
    });
    const env = JSON.parse(stdout) as Record<string, string>;
    expect(env).toMatchObject({ HOME: '/home/x', GIVEN: '1' });
    expect(env).not.toHaveProperty('AWS_SECRET_ACCESS_KEY');
    expect(env).not.toHaveProperty('VC_PASSWORD');
    expect(env).not.toHaveProperty('CONVERGE_PLANTED');
  });

  test('input is written and closed, the directory is the given one', async () => {
    const cwd = temporaryFolder();
    const text =
      'process.stdin.on("data", d => process.stdout.write(d)).on("end", () => console.log(process.cwd()))';
    expect((await processes.run({ ...script(text), input: 'in ', cwd })).stdout).toBe(`in ${cwd}\n`);
  });

  test('a timeout ends it and says so', async () => {
    const result = await processes.run({ ...script('setInterval(() => {}, 1000)'), timeout: 100 });
    expect(result).toMatchObject({ exitCode: -1, timedOut: true });
  });

  test('it has ended when it ends, whatever it left running in the background', async () => {
    const { stdout, exitCode } = await processes.run(shell('sleep 30 & echo $!'));
    const pid = Number(stdout);
    onTestFinished(() => void process.kill(pid));
    expect(exitCode).toBe(0);
    expect(isRunning(pid)).toBe(true);
  });

  test('a timeout ends what it started, too', async () => {
    // A busy machine may take longer than that to start anything.
    let started = '';
    for (let timeout = 300; started === ''; timeout *= 2) {
      const { stdout, timedOut } = await processes.run({
        ...shell('sleep 30 >&- 2>&- & echo $!; wait'),
        timeout,
      });
      expect(timedOut).toBe(true);
      started = stdout;
    }
    await expect.poll(() => isRunning(Number(started))).toBe(false);
  });

  test('an abort ends it with the reason', async () => {
    const stop = new AbortController();
    const running = processes.run(script('setInterval(() => {}, 1000)'), stop.signal);
    stop.abort('SIGINT');
    await expect(running).rejects.toBe('SIGINT');
  });

  test('a program that is killed has an exit code that is not a success', async () => {
    expect(await processes.run(script('process.kill(process.pid, "SIGKILL")'))).toMatchObject({
      exitCode: -1,
      timedOut: false,
    });
  });

  test('what can not be started is a Failure with a way out', async () => {
    await expect(processes.run({ file: 'no-such-program', args: ['secret-argument'] })).rejects.toMatchObject(
      {
        diagnostics: [
          { code: 'program-not-started', message: "can't run no-such-program: it was not found" },
        ],
      },
    );
  });
});
