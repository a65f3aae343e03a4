import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

const manifest = `converge: 1
requires: { os: windows }
params: { where: '\${env.ProgramData + "\\\\cust"}' }
resources:
  file:
    '\${params.where}': { kind: directory }
    '\${params.where}\\os.txt': { content: "\${facts.os} \${facts.os_release}" }
    'C:\\Scripts': { kind: directory }
    'C:\\Scripts\\greet.cmd': { content: "@echo off\\r\\nreg add HKLM\\\\SOFTWARE\\\\Cust /v Greeting /d hello /f\\r\\n" }
  exec:
    greet:
      command: [ cmd, /c, 'C:\\Scripts\\greet.cmd' ]
      unless: [ reg, query, 'HKLM\\SOFTWARE\\Cust', /v, Greeting ]
      require: file:C:\\Scripts\\greet.cmd
`;

async function folder(text = manifest) {
  const dir = await scratch();
  await writeFile(join(dir, 'm.yaml'), text);
  const run = async (...args: string[]) => cli(dir, [...args, '--lab', 'lab'], { env: { USERNAME: 'me' } });
  const processes = async () => {
    const { stdout } = await run('lab', 'processes', '--format', 'json', '--clear');
    return (JSON.parse(stdout) as { processes: { program: string; changed: boolean }[] }).processes;
  };
  return { dir, run, processes };
}

describe('a manifest that requires Windows, with --lab', () => {
  test('runs on the Windows host of the lab; a second apply starts no program that changes anything', async () => {
    const { dir, run, processes } = await folder();
    const first = await run('apply', 'm.yaml');
    expect(first.code, first.stderr).toBe(0);
    expect(await readFile(join(dir, 'lab/windows/C/ProgramData/cust/os.txt'), 'utf8')).toBe(
      'windows 10.0.20348',
    );
    expect((await processes()).filter(({ changed }) => changed)).toHaveLength(1);
    const second = await run('apply', 'm.yaml', '--detailed-exitcodes');
    expect([second.code, second.stdout]).toEqual([0, expect.stringContaining('5 in sync')]);
    const again = await processes();
    expect(again.length).toBeGreaterThan(0);
    expect(again.filter(({ changed }) => changed)).toEqual([]);
  });

  test('without --lab it is for another machine', async () => {
    const { dir } = await folder();
    const { code, stderr } = await cli(dir, ['validate', 'm.yaml']);
    expect(code).toBe(1);
    expect(stderr).toContain('this manifest requires windows, and this is linux');
    expect(stderr).toContain(
      '= hint: run it on windows, try it here with --lab, or leave this file out here',
    );
    expect(stderr).toContain('\n1 error\n');
  });

  test('is validated, and its graph drawn, for Windows', async () => {
    const { run } = await folder();
    expect((await run('validate', 'm.yaml')).stdout).toBe('valid: 5 resources, 0 targets\n');
    const { stdout } = await run('graph', 'm.yaml');
    expect(stdout).toContain('file:C:\\Scripts\\greet.cmd after file:C:\\Scripts (implied)');
  });

  test('converge test proves that it converges', async () => {
    const { dir } = await folder();
    const { code, stdout, stderr } = await cli(dir, ['test', 'm.yaml']);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('a second plan is empty');
  });

  test('a saved plan says that it is for Windows, and is applied there', async () => {
    const { dir, run } = await folder();
    expect((await run('plan', 'm.yaml', '-o', 'plan.json')).code).toBe(0);
    const plan = JSON.parse(await readFile(join(dir, 'plan.json'), 'utf8')) as { platform: string };
    expect(plan.platform).toBe('win32');
    const { code, stderr } = await run('apply', 'plan.json');
    expect(code, stderr).toBe(0);
    expect((await run('plan', 'm.yaml', '--detailed-exitcodes')).code).toBe(0);
  });

  test('is planned from what was observed there', async () => {
    const { run } = await folder(manifest.replace(/^params.*$/m, "params: { where: 'C:\\cust' }"));
    await run('observe', 'm.yaml', '-o', 'seen.json');
    const { code, stdout, stderr } = await run('plan', 'm.yaml', '--observed', 'seen.json');
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('4 to create, 1 to update');
  });

  test('one that requires Linux beside it is refused', async () => {
    const { dir, run } = await folder();
    await writeFile(join(dir, 'n.yaml'), 'converge: 1\nrequires: { os: linux }\n');
    const { code, stderr } = await run('plan', 'm.yaml', 'n.yaml');
    expect(code).toBe(1);
    expect(stderr).toContain('this manifest requires linux, and this is windows');
  });

  test('one that requires nothing stays on the host that it always had', async () => {
    const { dir, run } = await folder(
      "converge: 1\nresources: { file: { /srv/x: { content: '${facts.os}' } } }\n",
    );
    expect((await run('apply', 'm.yaml')).code).toBe(0);
    expect(await readFile(join(dir, 'lab/host/srv/x'), 'utf8')).toBe('linux');
  });
});

describe('converge lab windows', () => {
  test('sets language and rights for the commands that follow, and lab show tells them', async () => {
    const { run } = await folder();
    expect((await run('lab', 'windows', '--language', 'de', '--elevated', 'no')).stdout).toBe(
      'Windows host  speaks German, runs are not elevated\n',
    );
    expect((await run('lab', 'show')).stdout).toContain('Windows host  speaks German, runs are not elevated');
    const { code, stderr } = await run('apply', 'm.yaml');
    expect(code).toBe(4);
    expect(stderr).toContain('`cmd` ended with exit code 1');
    expect((await run('lab', 'windows', '--elevated', 'yes')).stdout).toContain('runs are elevated');
    expect((await run('apply', 'm.yaml')).code).toBe(0);
  });

  test('a fault spoils the next call that it is for, and is refused when nothing would come of it', async () => {
    const { run } = await folder();
    await run(
      'lab',
      'fault',
      'exit',
      '--on',
      'windows',
      '--set',
      'program=reg.exe',
      '--set',
      'code=5',
      '--times',
      '9',
    );
    expect((await run('lab', 'show')).stdout).toContain('1 fault armed');
    expect((await run('apply', 'm.yaml')).code).toBe(4);
    const { code, stderr } = await run('lab', 'fault', 'mising', '--on', 'windows');
    expect(code).toBe(1);
    expect(stderr).toContain('did you mean `missing`');
  });

  test('processes are listed for people too', async () => {
    const { run } = await folder();
    expect((await run('lab', 'processes')).stdout).toBe('no programs were started on the Windows host\n');
    await run('apply', 'm.yaml');
    const { stdout } = await run('lab', 'processes');
    expect(stdout).toMatch(
      /^changed +0 {2}C:\\Windows\\system32\\reg\.exe add HKLM\\SOFTWARE\\Cust \/v Greeting/m,
    );
    expect(stdout).toMatch(/\d+ programs started, 1 of them changed something\n$/);
  });

  test('of a script only the beginning', async () => {
    const { run } = await folder(
      'converge: 1\nrequires: { os: windows }\nresources: { firewall_rule: { Web: { action: allow, protocol: tcp } } }\n',
    );
    await run('plan', 'm.yaml');
    const { stdout } = await run('lab', 'processes');
    expect(stdout).toMatch(/powershell\.exe -NoProfile .* \.\.\. \(\d+ characters\)"$/m);
  });

  test('what the stand-ins believe is in lab contracts', async () => {
    const { dir } = await folder();
    const { stdout } = await cli(dir, ['lab', 'contracts', '--all']);
    expect(stdout).toContain('Windows  quoted: 3010 when a restart is needed');
    expect(stdout).toContain('Windows  believed: an unknown time zone is exit code 1');
  });
});
