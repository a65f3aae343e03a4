import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { missing, runConfig, unknownKeys } from './beanstalk-config.ts';

const absent = missing();
if (absent !== undefined)
  console.warn(`SKIPPED: .ebextensions as cfn-init runs them: no ${absent} here (see test/peers/PEERS.md)`);

const real = join(import.meta.dirname, '../../../shared/data/ebextensions');
if (!existsSync(real))
  console.warn('SKIPPED: real .ebextensions: ../shared/data/ebextensions is not beside the project');

/** Of the shape that installs and runs a program at each deployment. */
const sample = `
files:
  "C:\\\\Program Files\\\\Cust\\\\run.cmd":
    content: |
      @echo off
      rem \u00fc
commands:
  02_apply:
    command: '"C:\\Program Files\\Cust\\node.exe" converge.cjs apply --self s3://cust/'
    cwd: C:\\Program Files\\Cust
    env: { CONVERGE_STATE: 'C:\\ProgramData\\converge' }
    waitAfterCompletion: 0
  01_unpack:
    command: unpack.cmd
    test: if not exist "C:\\Program Files\\Cust\\node.exe" exit 0
    waitAfterCompletion: 0
  03_reboot:
    command: shutdown /r
    ignoreErrors: yes
    waitAfterCompletion: forever
container_commands:
  01_after:
    command: after.cmd
    leader_only: true
`;

describe.skipIf(absent !== undefined)('.ebextensions, by the code of cfn-init', () => {
  test('files come first, commands in the order of their names, those of the container last', () => {
    const { ran, files, failed } = runConfig(sample);
    expect(failed).toBeNull();
    expect(files).toEqual({ 'C:\\Program Files\\Cust\\run.cmd': '@echo off\nrem \u00fc\n' });
    expect(ran.map(({ name, wait }) => [name, wait])).toEqual([
      ['01_unpack', 0],
      ['02_apply', 0],
      ['03_reboot', -1],
      ['01_after', 60],
    ]);
    expect(ran[1]).toMatchObject({
      command: '"C:\\Program Files\\Cust\\node.exe" converge.cjs apply --self s3://cust/',
      cwd: 'C:\\Program Files\\Cust',
      env: { CONVERGE_STATE: 'C:\\ProgramData\\converge' },
    });
  });

  test('a command that fails ends the deployment, unless it is told to be ignored', () => {
    const { ran, failed } = runConfig(sample, { '02_apply': 4, '03_reboot': 1 });
    expect(failed).toBe('Command 02_apply failed');
    expect(ran.map(({ name }) => name)).toEqual(['01_unpack', '02_apply']);
    expect(runConfig(sample, { '03_reboot': 1 }).failed).toBeNull();
  });

  test('a command whose test fails is left out', () => {
    expect(runConfig(sample, { 'test 01_unpack': 1 }).ran.map(({ name }) => name)).toEqual([
      '02_apply',
      '03_reboot',
      '01_after',
    ]);
  });

  test('what is not a command of it fails, and a file that is nowhere', () => {
    expect(runConfig('commands: { a: { run: x } }').failed).toContain("does not specify the 'command'");
    expect(runConfig('files: { "C:\\\\x.txt": { mode: "0644" } }').failed).toContain(
      'without source or content',
    );
    expect(() => runConfig('files: { "x.txt": { content: x } }')).toThrow('no absolute path of Windows');
  });

  test.skipIf(!existsSync(real))('real ones run to their end', () => {
    const names = readdirSync(real).filter(name => name.endsWith('.config'));
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) {
      const text = readFileSync(join(real, name), 'utf8');
      expect(unknownKeys(text), name).toEqual([]);
      // A package would be fetched, and installed by Windows.
      const { ran, failed } = runConfig(text.replace(/^packages:\n( +.*\n)+/m, ''));
      expect(failed, name).toBeNull();
      expect(ran, name).not.toEqual([]);
    }
  });
});

test('keys that Beanstalk does not know are named', () => {
  expect(unknownKeys(sample)).toEqual([]);
  expect(
    unknownKeys(
      'commands: { a: { command: x, runas: y } }\ncomands: {}\nfiles: { "C:\\\\a": { mode: "1" } }',
    ),
  ).toEqual(['comands', 'commands/a/runas', 'files/C:\\a/mode']);
});
