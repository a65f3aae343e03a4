import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { runMark } from '../support/run-mark.ts';
import { endAll, start } from '../support/start.ts';

/** Runs `body` as a suite, or skips it with one loud line when `program` cannot be started. */
export function describeWith(what: string, program: string, args: string[], body: () => void): void {
  const present = spawnSync(program, args, { stdio: 'ignore' }).status === 0;
  if (!present)
    console.warn(`SKIPPED: ${what}: \`${program} ${args.join(' ')}\` does not run (see test/peers/PEERS.md)`);
  describe.skipIf(!present)(what, body);
}

/** The end of the run removes it (test/support/temporary.ts). */
export const folder = (): string => mkdtempSync(join(tmpdir(), 'converge-peer-'));

/** A program's end: its output, or an error with what it said. The environment holds only what is given. */
export function run(program: string, args: string[], env: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { PATH: process.env.PATH, HOME: tmpdir(), ...runMark, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    let out = '';
    child.stdout.on('data', piece => {
      out += piece;
    });
    child.stderr.on('data', piece => {
      said += piece;
    });
    child.on('error', reject);
    child.on('close', status => {
      if (status === 0) resolve(out);
      else reject(new Error(`${program} ${args.join(' ')} ended with ${status}: ${said}${out}`));
    });
  });
}

const answers = (port: number) =>
  new Promise<boolean>(resolve => {
    const asked = request({ host: '127.0.0.1', port, agent: false }, response => {
      response.resume();
      resolve(true);
    });
    asked.on('error', () => resolve(false)).end();
  });

/** A foreign server for the suite. `command` gives the command for a port; the URL is there in the tests. */
export function served(
  command: (port: number) => { program: string; args: string[]; env?: Record<string, string> },
) {
  const server = { url: '' };
  let child: ChildProcess | undefined;
  // Registered here and not once it runs: a hook that is registered inside another one is never called.
  afterAll(() => {
    if (child) endAll(child);
  });
  beforeAll(async () => {
    const port = await freePort();
    const { program, args, env } = command(port);
    child = start(program, args, { env: { ...process.env, ...env }, stdio: 'ignore' });
    let ended = false;
    child.once('exit', () => {
      ended = true;
    });
    while (!(await answers(port))) {
      if (ended) throw new Error(`${program} ended before it answered`);
      await new Promise(resolve => setImmediate(resolve));
    }
    server.url = `http://127.0.0.1:${port}`;
  }, 300_000);
  return server;
}
