import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import manifest from '../../../package.json' with { type: 'json' };
import { bundled } from '../../bundle/support.ts';
import { missing, openWine, type Wine } from './wine.ts';

// What is bundled for Beanstalk on Windows, before another implementation of Windows' own programs.
const absent = missing();
if (absent !== undefined)
  console.warn(`SKIPPED: what is bundled against Wine: no ${absent} here (see test/peers/PEERS.md)`);

describe.skipIf(absent !== undefined)('what is bundled, under Wine', () => {
  let wine: Wine;
  const here = 'C:\\Program Files\\converge\\0123456789abcdef';
  const log = (name: string) =>
    readFileSync(join(wine.drive, 'ProgramData/converge/logs', `${name}.log`), 'utf8');

  beforeAll(async () => {
    wine = await openWine();
    const folder = join(wine.drive, 'Program Files/converge/0123456789abcdef');
    const program = Buffer.from(
      'console.log(process.argv.slice(2).join(" ")); console.error(process.cwd(), process.env.NODE_OPTIONS, Object.keys(process.env).filter(name => /^(NODE_|AWS_)/.test(name)).join()); process.exit(4);',
    );
    for (const { path, bytes } of bundled('beanstalk-windows', { program }))
      if (path.startsWith('converge/agent/')) {
        const file = join(folder, path.slice('converge/agent/'.length));
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, bytes);
      }
    await cp(join(wine.drive, 'Program Files/converge/node.exe'), join(folder, 'node.exe'));
    mkdirSync(join(wine.drive, 'ProgramData/converge/logs'), { recursive: true });
    writeFileSync(
      join(wine.work, 'application.cmd'),
      [
        '@set NODE_OPTIONS=--require C:\\work\\evil.js',
        '@set NODE_COMPILE_CACHE=C:\\work\\cache',
        '@set AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE',
        '@set AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:1',
        `@call "${here}\\run.cmd" %1`,
        '',
      ].join('\r\n'),
    );
  }, 240_000);
  afterAll(() => wine?.close());

  test.each([
    ['deploy', 'apply --self s3://cust-data/web/ --lock-timeout 10m'],
    ['agent', 'agent --self s3://cust-data/web/ --once'],
  ])('run.cmd %s runs what is beside it, keeps what it says, and ends as it did', async (name, line) => {
    for (const _ of [1, 2]) {
      const { exitCode, stdout } = await wine.run('cmd', '/c', `${here}\\run.cmd`, name);
      expect([exitCode, stdout]).toEqual([4, '']);
      // The last run alone.
      expect(log(name).replaceAll('\r\n', '\n')).toBe(`${line}\n${here} undefined \n`);
    }
  });

  test("the application's environment doesn't reach its Node", async () => {
    // Wine's cmd loses the exit code of what it calls.
    await wine.run('cmd', '/c', 'C:\\work\\application.cmd', 'agent');
    expect(log('agent').replaceAll('\r\n', '\n')).toMatch(/ undefined \n$/);
  });

  test('run.cmd does nothing else', async () => {
    expect((await wine.run('cmd', '/c', `${here}\\run.cmd`, 'format')).exitCode).toBe(1);
  });

  test('the one file with all of converge starts there', async () => {
    const program = 'C:\\Program Files\\converge';
    const { exitCode, stdout } = await wine.run(
      `${program}\\node.exe`,
      `${program}\\converge.cjs`,
      '--version',
    );
    expect([exitCode, stdout]).toEqual([0, `${manifest.version}\n`]);
  });
});
