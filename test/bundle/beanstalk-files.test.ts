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
