import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { scratch } from '../support/cli.ts';

/**
 * Runs a program on a terminal of its own, sends signals as soon as texts appear, and prints code and output.
 */
const onTerminal = `
import json, os, pty, select, signal, sys
argv, steps = json.loads(sys.argv[1])
pid, fd = pty.fork()
if pid == 0:
    os.execvp(argv[0], argv)
seen = b''
while True:
    if not select.select([fd], [], [], 60)[0]:
        os.kill(pid, signal.SIGKILL)
        break
    try:
        some = os.read(fd, 65536)
    except OSError:
        break
    if not some:
        break
    seen += some
    while steps and steps[0][0].encode() in seen:
        os.kill(pid, getattr(signal, steps.pop(0)[1]))
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print(json.dumps({'code': code, 'seen': seen.decode('utf8', 'replace')}))
`;

async function terminal(dir: string, args: string[], ...steps: [text: string, signal: string][]) {
  const argv = [process.execPath, join(import.meta.dirname, '../../src/cli/entry.ts'), ...args];
  const { stdout } = await execa('python3', ['-c', onTerminal, JSON.stringify([argv, steps])], { cwd: dir });
  return JSON.parse(stdout) as { code: number; seen: string };
}

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 143],
] as const)('%s ends the question of apply, and nothing is changed', async (signal, code) => {
  const dir = await scratch();
  await writeFile(join(dir, 'm.yaml'), 'converge: 1\nresources: { file: { new.txt: { content: x } } }\n');
  const run = await terminal(dir, ['apply', 'm.yaml'], ['[y/N]', signal]);
  expect(run.code, run.seen).toBe(code);
  expect(run.seen).toContain('interrupted');
});
