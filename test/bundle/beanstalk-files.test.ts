import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { mistakesOfConfig, mistakesOfManifest } from './beanstalk-files.ts';
import { bundled, textOf } from './support.ts';

const windows = bundled('beanstalk-windows');
const linux = bundled('beanstalk-linux');
const config = '.ebextensions/converge.config';
const manifest = 'aws-windows-deployment-manifest.json';
const paths = windows.map(({ path }) => path);

test('what we write is what Beanstalk takes', () => {
  expect(mistakesOfConfig(textOf(windows, config), 'windows')).toEqual([]);
  expect(mistakesOfConfig(textOf(linux, config), 'linux')).toEqual([]);
  expect(mistakesOfManifest(textOf(windows, manifest), paths)).toEqual([]);
});

describe('the judge sees', () => {
  const altered = (from: RegExp, to: string) => textOf(windows, config).replace(from, to);
  test.each([
    [altered(/^container_commands:/m, 'container_command:'), /^container_command is no key/],
    [altered(/ignoreErrors: false/, 'ignoreErrors: sometimes'), /ignoreErrors is true or false/],
    [altered(/ignoreErrors:/, 'ignore_errors:'), /ignore_errors is no key/],
    [altered(/waitAfterCompletion: 0/, 'waitAfterCompletion: never'), /seconds or forever/],
    [altered(/ {4}command:/, '    run:'), /has no command/],
    [altered(/content:/, 'contents:'), /contents is no key/],
  ])('a mistake in a configuration file (%#)', (text, said) => {
    expect(text).not.toBe(textOf(windows, config));
    expect(mistakesOfConfig(text, 'windows').join('\n')).toMatch(said);
  });

  test('a key of Linux in a file for Windows', () => {
    expect(mistakesOfConfig(textOf(linux, config), 'windows').join('\n')).toMatch(/mode is no key/);
  });

  const changed = (from: RegExp, to: string) => textOf(windows, manifest).replace(from, to);
  test.each([
    [changed(/"manifestVersion": 1/, '"manifestVersion": 2'), /^manifestVersion is 1$/],
    [changed(/"deployments"/, '"deployment"'), /deployment is no key/],
    [changed(/"custom"/, '"customs"'), /customs is no key/],
    [changed(/"restart"/, '"reload"'), /reload is no key(.|\n)*restart has no file/],
    [changed(/converge-install\.ps1/, 'install.ps1'), /install\.ps1 is not in the bundle/],
  ])('a mistake in a deployment manifest (%#)', (text, said) => {
    expect(text).not.toBe(textOf(windows, manifest));
    expect(mistakesOfManifest(text, paths).join('\n')).toMatch(said);
  });
});

test('a failure before the application is deployed fails the deployment, and nobody waits a minute for nothing', () => {
  const { container_commands: commands } = parse(textOf(windows, config));
  expect(Object.values(commands)).toEqual([
    expect.objectContaining({ ignoreErrors: false, waitAfterCompletion: 0 }),
  ]);
});

test('cmd starts Windows’ own PowerShell, never one that lies in the staging folder', () => {
  const { container_commands: commands } = parse(textOf(windows, config));
  const { command } = commands['01_converge_place'];
  expect(command).toMatch(/^%SystemRoot%\\System32\\WindowsPowerShell\\v1\.0\\powershell\.exe /);
  expect(paths).toContain(/-File (\S+)$/.exec(command)![1]!.replace('\\', '/'));
});

test('every log that the scripts write is collected', () => {
  const collected = Object.entries(parse(textOf(windows, config)).files).map(([, file]) =>
    (file as { content: string }).content.trim().split('\n'),
  );
  const [, runs] = /^( *for %%F.*)$/m.exec(textOf(windows, 'converge/agent/run.cmd')) ?? [];
  expect(runs).toContain('%LOG%');
  for (const logs of collected)
    expect(logs).toEqual(['deploy', 'agent'].map(name => `C:\\ProgramData\\converge\\logs\\${name}.log`));
  const { files } = parse(textOf(linux, config));
  const log = / >> (\S+) 2>&1/.exec(textOf(linux, '.platform/converge/agent/run.sh'))![1];
  for (const task of ['taillogs', 'bundlelogs'])
    expect(files[`/opt/elasticbeanstalk/tasks/${task}.d/converge.conf`].content).toContain(log);
  expect(files['/etc/logrotate.d/converge'].content).toContain(`${log} {`);
});
