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
    [altered(/^container_commands:/m, 'container_command:'), /^container_command is not a key/],
    [altered(/ignoreErrors: false/, 'ignoreErrors: sometimes'), /ignoreErrors is true or false/],
    [altered(/ignoreErrors:/, 'ignore_errors:'), /ignore_errors is not a key/],
    [altered(/waitAfterCompletion: 0/, 'waitAfterCompletion: never'), /seconds or forever/],
    [altered(/ {4}command:/, '    run:'), /has no command/],
    [altered(/content:/, 'contents:'), /contents is not a key/],
  ])('a mistake in a configuration file (%#)', (text, said) => {
    expect(text).not.toBe(textOf(windows, config));
    expect(mistakesOfConfig(text, 'windows').join('\n')).toMatch(said);
  });

  test('a key of Linux in a file for Windows', () => {
    expect(mistakesOfConfig(textOf(linux, config), 'windows').join('\n')).toMatch(/mode is not a key/);
  });

  const changed = (from: RegExp, to: string) => textOf(windows, manifest).replace(from, to);
  test.each([
    [changed(/"manifestVersion": 1/, '"manifestVersion": 2'), /^manifestVersion is 1$/],
    [changed(/"deployments"/, '"deployment"'), /deployment is not a key/],
    [changed(/"custom"/, '"customs"'), /customs is not a key/],
    [changed(/"restart"/, '"reload"'), /reload is not a key(.|\n)*restart has no file/],
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

test('cmd starts Windows’ own PowerShell, never one that is in the staging folder', () => {
  const { container_commands: commands } = parse(textOf(windows, config));
  const { command } = commands['01_converge_place'];
  expect(command).toMatch(/^%SystemRoot%\\System32\\WindowsPowerShell\\v1\.0\\powershell\.exe /);
  expect(paths).toContain(/-File (\S+)$/.exec(command)![1]!.replace('\\', '/'));
});

test('every log is in what Beanstalk takes a snapshot of', () => {
  const [taken] = Object.entries(parse(textOf(windows, config)).files);
  expect(taken).toEqual([
    'c:/Program Files/Amazon/ElasticBeanstalk/config/taillogs.d/converge.conf',
    {
      content: [
        'C:\\Program Files\\Amazon\\ElasticBeanstalk\\logs\\converge.log\n',
        'C:\\ProgramData\\converge\\logs\\deploy.log\n',
        'C:\\ProgramData\\converge\\logs\\agent.log\n',
      ].join(''),
    },
  ]);
  expect(textOf(windows, 'converge/agent/run.cmd')).toContain(
    '> "%ProgramData%\\converge\\logs\\%~1.log" 2>&1\r\n',
  );
  const { files } = parse(textOf(linux, config));
  for (const task of ['taillogs', 'bundlelogs'])
    expect(files[`/opt/elasticbeanstalk/tasks/${task}.d/converge.conf`].content).toContain(
      '/var/log/converge.log',
    );
});

test('Beanstalk waits longer than the deployment may wait for the agent', () => {
  const minutes = /--lock-timeout (\d+)m/.exec(textOf(windows, 'converge/agent/run.cmd'))![1];
  for (const files of [windows, linux]) {
    const { option_settings: options } = parse(textOf(files, config));
    const { Timeout } = options['aws:elasticbeanstalk:command'];
    expect(Timeout).toBeGreaterThan(Number(minutes) * 60);
    // "Valid values: 1 to 3600" (General options for all environments).
    expect(Timeout).toBeLessThanOrEqual(3600);
  }
});

test('before the application is deployed nothing of the bundle is run where it was unpacked', () => {
  const code = textOf(windows, 'converge/place.ps1').replace(/#.*/g, '');
  expect(code).not.toMatch(/^\s*& |Start-Process|Invoke-|node|run\.cmd/im);
  // The one script that it takes in is looked at by eye: it only defines names.
  const folders = textOf(windows, 'converge/agent/folders.ps1').replace(/#.*/g, '');
  expect(folders).not.toMatch(/^\s*& |Start-Process|Invoke-|Remove-Item|Copy-Item/im);
});

test('the folders are looked at before anything in them is run', () => {
  const code = textOf(windows, 'converge/agent/deployed.ps1');
  const runs = code.indexOf('& (Join-Path');
  for (const check of ['Assert-Locked $root', 'Assert-Locked $data', 'Assert-Files $here'])
    expect(code.indexOf(check), check).toSatisfy(at => (at as number) > 0 && (at as number) < runs);
});
