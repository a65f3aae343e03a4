import { spawnSync } from 'node:child_process';
import fs from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isTemporaryName, temporaryName } from '../../src/io/handles/temporary.ts';
import { nodeFiles as files } from '../../src/io/node-files.ts';
import { temporaryFolder } from '../support/engine-host.ts';

const source = (path: string) => JSON.stringify(join(import.meta.dirname, '../../src/io', path));

/** Runs a program that uses the port in `dir` and is killed in the middle. */
function killed(dir: string, what: string): void {
  const program = `
    import { nodeFiles as files, filesIn } from ${source('node-files.ts')};
    import { foldersByHandle } from ${source('handles/folders-by-handle.ts')};
    const dir = ${JSON.stringify(dir)};
    const die = () => process.kill(process.pid, 'SIGKILL');
    ${what}
    await new Promise(() => setInterval(() => {}, 1000));`;
  const { signal, stderr } = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', program], {
    encoding: 'utf8',
  });
  expect([signal, stderr]).toEqual(['SIGKILL', '']);
}

const names = async (dir: string) => (await fs.readdir(dir)).filter(isTemporaryName);

describe('what a killed process left', () => {
  test.each([
    [
      'a file half written',
      `await filesIn(foldersByHandle(), moment => moment === 'written' && die()).writeAtomic(dir + '/f', Buffer.from('new'));`,
    ],
    [
      'a folder half unpacked',
      `const into = dir + '/' + (await files.temporaryName());
       await files.mkdir(into); await files.mkdir(into + '/sub'); await files.writeAtomic(into + '/sub/f', Buffer.from('x')); die();`,
    ],
    [
      'a download half fetched',
      `await files.open(dir + '/' + (await files.temporaryName()), 'create-new'); die();`,
    ],
  ])('%s is removed by whoever writes there next', async (_, what) => {
    const dir = temporaryFolder();
    killed(dir, what);
    expect(await names(dir)).toHaveLength(1);
    await files.writeAtomic(join(dir, 'f'), Buffer.from('new'));
    expect(await fs.readdir(dir)).toEqual(['f']);
  });

  test('is told from what this or another process is making, and from what others name alike', async () => {
    const dir = temporaryFolder();
    const own = await temporaryName();
    const [, , place] = own.split('-') as [string, string, string];
    const random = own.slice(-28);
    const alive = own.replace(`-${process.pid}-`, `-${process.ppid}-`);
    const elsewhere = own.replace(/^(.converge-)[0-9a-f]{8}/, '$100000000');
    const before = `.converge-${own.split('-')[1]}-${process.pid}-00000000-${random}`;
    const dead = spawnSync(process.execPath, ['-e', '0']).pid;
    const over = own.replace(`-${process.pid}-`, `-${dead}-`);
    expect(place).toBe(String(process.pid));
    for (const name of [own, alive, elsewhere, before, over, '.converge-x.tmp'])
      await fs.writeFile(join(dir, name), '');
    await files.writeAtomic(join(dir, 'f'), Buffer.from('x'));
    expect((await fs.readdir(dir)).sort()).toEqual([own, alive, elsewhere, '.converge-x.tmp', 'f'].sort());
  });

  test.runIf(process.getuid?.() === 0)('is left when it is another user’s', async () => {
    const dir = temporaryFolder();
    const dead = spawnSync(process.execPath, ['-e', '0']).pid;
    const name = (await temporaryName()).replace(`-${process.pid}-`, `-${dead}-`);
    await fs.writeFile(join(dir, name), '');
    await fs.chown(join(dir, name), 65534, 65534);
    await files.writeAtomic(join(dir, 'f'), Buffer.from('x'));
    expect(await names(dir)).toEqual([name]);
  });
});
