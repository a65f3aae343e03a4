import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { bundled, textOf } from '../bundle/support.ts';
import { missing as noCfnInit, runConfig } from './beanstalk-config.ts';
import { judged, missing as noSchema } from './task-schema.ts';
import { missing as noWine, openWine, type Wine } from './wine/wine.ts';

// What is bundled for Beanstalk, before those who read it there, or the nearest that can be had.
const absent = { 'cfn-init': noCfnInit(), 'the task schema': noSchema(), Wine: noWine() };
for (const [name, what] of Object.entries(absent))
  if (what !== undefined)
    console.warn(`SKIPPED: what is bundled against ${name}: no ${what} here (see test/peers/PEERS.md)`);

const bundle = bundled('beanstalk-windows');

test.skipIf(absent['cfn-init'] !== undefined)(
  'cfn-init runs the one command, waits for nothing and stops at its failure',
  () => {
    const config = textOf(bundle, '.ebextensions/converge.config');
    const { ran, files, failed } = runConfig(config);
    expect(ran).toEqual([expect.objectContaining({ name: '01_converge_place', cwd: null, wait: 0 })]);
    expect(Object.values(files)).toEqual([expect.stringMatching(/\\agent\.log\n$/)]);
    expect(failed).toBeNull();
    expect(runConfig(config, { '01_converge_place': 1 }).failed).toContain('01_converge_place');
  },
);

test.skipIf(absent['the task schema'] !== undefined)(
  'the task of the agent is of the published schema',
  () => {
    const task = textOf(bundle, 'converge/agent/agent-task.xml').replace(
      '@PROGRAM@',
      'C:\\Program Files\\converge\\0123456789abcdef\\run.cmd',
    );
    expect(judged({ task, worse: task.replace('PT5M', '5 minutes') })).toEqual({
      task: '',
      worse: expect.stringContaining('Interval'),
    });
  },
);

describe.skipIf(absent.Wine !== undefined)('under Wine', () => {
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
