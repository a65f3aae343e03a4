import { mkdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { makeContext } from '../../src/app/app-context.ts';
import { logRun } from '../../src/app/self/log-run.ts';
import { makeCliContext } from '../../src/cli/context/cli-context.ts';
import type { CliIo } from '../../src/cli/text/cli-io.ts';
import { nodeHost } from '../../src/io/node.ts';
import { scratch } from '../support/cli.ts';
import { given } from '../support/made-up.ts';

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
  const plain: string[] = [];
  for (const turn of ['first', 'second']) {
    const { io, said } = command();
    const log = await logRun(io.host.files, path);
    log.append(`--- ${turn}\n`);
    const { reporter } = makeContext(io, makeCliContext(io).makeReporter, log.append);
    reporter.diagnostics([given('bad', 'red')]);
    reporter.notice({ type: 'no-log', why: 'ü' });
    await log.close();
    expect(said()).toContain('\x1b[31m');
    plain.push(`--- ${turn}\n`, stripVTControlCharacters(said()));
    expect(log.trouble()).toBeUndefined();
  }
  expect(await readFile(path, 'utf8')).toBe(plain.join(''));
  expect(plain[1]).toContain('there is no log of this run: ü\n');
});

test('a log that has grown is put aside, and the one before goes', async () => {
  const path = join(await scratch(), 'converge.log');
  await writeFile(path, 'old');
  await truncate(path, 4 * 2 ** 20 + 1);
  await writeFile(`${path}.1`, 'older');
  const log = await logRun(nodeHost().files, path);
  log.append('new\n');
  await log.close();
  expect(await readFile(path, 'utf8')).toBe('new\n');
  expect((await stat(`${path}.1`)).size).toBe(4 * 2 ** 20 + 1);
});

test('a log that can not be written holds nobody back, and is told', async () => {
  const dir = await scratch();
  await mkdir(join(dir, 'converge.log'));
  const log = await logRun(nodeHost().files, join(dir, 'converge.log'));
  log.append('done\n');
  await log.close();
  expect(log.trouble()).toContain('converge.log');
});
