import { mkdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { logRun } from '../../src/app/self/log.ts';
import type { CliIo } from '../../src/cli/io.ts';
import { nodeHost } from '../../src/io/node.ts';
import { scratch } from '../support/cli.ts';

/** A command whose output is kept. */
function command() {
  let said = '';
  const output = {
    write: (text: string) => {
      said += text;
    },
    isTTY: true,
    columns: 80,
  };
  const io: CliIo = {
    stdout: output,
    stderr: output,
    host: nodeHost(),
    interrupt: new AbortController().signal,
  };
  return { io, said: () => said };
}

test('what is said goes to both, to the log without colours and after what is there', async () => {
  const path = join(await scratch(), 'var/log/converge.log');
  for (const turn of ['first', 'second']) {
    const { io, said } = command();
    const log = await logRun(io, path);
    log.note(`--- ${turn}\n`);
    log.io.stdout.write('\x1b[31mred\x1b[0m\n');
    log.io.stderr.write('ü\n');
    await log.close();
    expect(said()).toBe('\x1b[31mred\x1b[0m\nü\n');
    expect(log.trouble()).toBeUndefined();
  }
  expect(await readFile(path, 'utf8')).toBe('--- first\nred\nü\n--- second\nred\nü\n');
});

test('a log that has grown is put aside, and the one before goes', async () => {
  const path = join(await scratch(), 'converge.log');
  await writeFile(path, 'old');
  await truncate(path, 4 * 2 ** 20 + 1);
  await writeFile(`${path}.1`, 'older');
  const log = await logRun(command().io, path);
  log.note('new\n');
  await log.close();
  expect(await readFile(path, 'utf8')).toBe('new\n');
  expect((await stat(`${path}.1`)).size).toBe(4 * 2 ** 20 + 1);
});

test('a log that can not be written holds nobody back, and is told', async () => {
  const dir = await scratch();
  await mkdir(join(dir, 'converge.log'));
  const { io, said } = command();
  const log = await logRun(io, join(dir, 'converge.log'));
  log.io.stdout.write('done\n');
  await log.close();
  expect(said()).toBe('done\n');
  expect(log.trouble()).toContain('converge.log');
});
