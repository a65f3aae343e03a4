import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { cli, scratch } from '../../support/cli.ts';
import { zip } from '../../support/zip.ts';
import { missing, openWine, type Wine } from './wine.ts';

// The real binary on a foreign implementation of Windows' own interfaces. That it is no Windows: PEERS.md.
const absent = missing();
if (absent !== undefined)
  console.warn(`SKIPPED: converge under Wine: no ${absent} here (see test/peers/PEERS.md)`);

let wine: Wine;

const productCode = '{11111111-2222-3333-4444-555555555555}';
const agentWxs = `<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
  <Product Id="${productCode}" Name="Cust Agent" Version="1.2.3" Manufacturer="Cust" Language="1033">
    <Package InstallerVersion="200" Compressed="yes" InstallScope="perMachine"/>
    <Media Id="1" Cabinet="agent.cab" EmbedCab="yes"/>
    <Directory Id="TARGETDIR" Name="SourceDir">
      <Directory Id="ProgramFiles64Folder"><Directory Id="INSTALLDIR" Name="Cust Agent">
        <Component Id="Agent" Guid="{11111111-2222-3333-4444-777777777777}" Win64="yes">
          <File Id="agent.txt" Source="agent.txt" KeyPath="yes"/>
        </Component>
      </Directory></Directory>
    </Directory>
    <Feature Id="Main" Level="1"><ComponentRef Id="Agent"/></Feature>
  </Product>
</Wix>`;

/** Writes a manifest for Windows into `C:\work`. Names must be in single quotes there. */
function manifest(name: string, resources: string): string {
  writeFileSync(
    join(wine.work, name),
    `converge: 1\r\nrequires: { os: windows }\r\nresources:\r\n${resources.replaceAll('\n', '\r\n')}`,
  );
  return name;
}

const at = (...parts: string[]) => join(wine.drive, ...parts);
const text = (...parts: string[]) => readFileSync(at(...parts), 'utf8');

/** Applies until nothing is left to do: what the first run said. */
async function converged(name: string): Promise<string> {
  const { exitCode, stdout, stderr } = await wine.converge('apply', name);
  expect(`${stdout}${stderr}`).toContain('a second plan is empty');
  expect(exitCode).toBe(0);
  const again = await wine.converge('apply', name, '--detailed-exitcodes');
  expect(again).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Nothing to do') });
  return stdout;
}

const environmentKey = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment';

describe.skipIf(absent !== undefined)('converge under Wine', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    wine = await openWine();
  }, 180_000);
  afterAll(() => wine?.close());

  test('files: blanks, letters beyond ASCII, both slashes, any case, CRLF as it stands', async () => {
    mkdirSync(join(wine.work, 'parts'));
    writeFileSync(join(wine.work, 'parts/web.config'), '<x>\r\n\u00e4</x>\r\n');
    const name = manifest(
      'files.yaml',
      `  file:
    'C:\\Cust Data\\\u00dcn\u00ef': { kind: directory }
    'c:/Cust Data/': { kind: directory }
    'C:\\CUST DATA\\\u00fcN\u00ef\\Read me.txt': { content: "one\\r\\ntwo\\n\u00e9\u20ac" }
    'relative.config': { source: 'parts\\web.config' }
`,
    );
    await converged(name);
    expect(readdirSync(at('Cust Data'))).toEqual(['\u00dcn\u00ef']);
    expect(text('Cust Data/\u00dcn\u00ef/Read me.txt')).toBe('one\r\ntwo\n\u00e9\u20ac');
    expect(text('work/relative.config')).toBe('<x>\r\n\u00e4</x>\r\n');
    writeFileSync(at('Cust Data/\u00dcn\u00ef/Read me.txt'), 'touched');
    const { stdout } = await wine.converge('plan', name, '--detailed-exitcodes');
    expect(stdout).toContain('Plan: 1 to update, 3 in sync.');
    expect(await converged(name)).toContain('Read me.txt');
  });

  test('two spellings of one file, and names of devices and streams, are mistakes', async () => {
    const name = manifest(
      'mistakes.yaml',
      `  file:
    'C:\\Temp\\a.txt': { content: x }
    'c:/TEMP/A.TXT': { content: y }
    'C:\\Temp\\aux.log': { content: x }
    'C:\\Temp\\a.txt:hidden': { content: x }
    'C:\\Temp\\dot.': { content: x }
`,
    );
    const { exitCode, stderr } = await wine.converge('apply', name);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('mistakes.yaml:5:5');
    for (const why of ['is a device of Windows', 'a stream of a file', 'drops the dot or space'])
      expect(stderr).toContain(why);
    expect(existsSync(at('Temp'))).toBe(false);
  });

  test('a file that a program has open stays as it is, and is replaced afterwards', async () => {
    const name = manifest('held.yaml', `  file:\n    'C:\\work\\held.txt': { content: new }\n`);
    const hold = (seconds: number) =>
      wine.start('cmd', '/c', `ping -n ${seconds} 127.0.0.1 > C:\\work\\held.txt`);
    const long = hold(40);
    await expect.poll(() => existsSync(join(wine.work, 'held.txt'))).toBe(true);
    const refused = await wine.converge('apply', name);
    expect(refused.exitCode).toBe(4);
    expect(refused.stderr).toContain("can't write C:/work/held.txt: the operation is not permitted");
    expect(refused.stderr).toContain('end the program that has it open');
    expect(readdirSync(wine.work).filter(each => each.endsWith('.tmp'))).toEqual([]);
    await wine.run('taskkill', '/F', '/IM', 'ping.exe');
    await long.ended;
    await converged(name);
    expect(text('work/held.txt')).toBe('new');
  });

  test('arguments arrive as they are written, and no shell reads them', async () => {
    writeFileSync(
      join(wine.work, 'argv.js'),
      `require('fs').writeFileSync('argv.json', JSON.stringify([process.argv.slice(2), process.cwd()]));`,
    );
    const args = [
      'a b',
      'c"d',
      'e\\',
      'f\\"g',
      'h\\\\"',
      "/+[ipAddress='1.2.3.4',subnetMask='255.0.0.0']",
      '%PATH%',
      '^&|<>',
      '',
      '\u00dcn\u00ef\u20ac',
      '!x!',
      '*',
      '/commit:apphost',
    ];
    const command = ['C:\\Program Files\\converge\\node.exe', 'argv.js', ...args];
    const name = manifest(
      'argv.yaml',
      `  exec:\n    argv: { command: [${command.map(each => `'${each.replaceAll("'", "''")}'`).join(', ')}], creates: argv.json }\n`,
    );
    await converged(name);
    expect(JSON.parse(text('work/argv.json'))).toEqual([args, 'C:\\work']);
  });

  test('exit codes come whole, and what is not a program is told as such', async () => {
    const node = `'C:\\Program Files\\converge\\node.exe', '-e'`;
    writeFileSync(join(wine.work, 'script.cmd'), '@echo off\r\n');
    const name = manifest(
      'codes.yaml',
      `  exec:
    reboot: { command: [${node}, 'process.exit(3010)'], creates: none }
    hresult: { command: [${node}, 'process.exit(0x800f081f | 0)'], creates: none }
    nowhere: { command: ['nosuchprogram'], creates: none }
    script: { command: ['script.cmd'], creates: none }
    path: { command: ['.\\script.cmd'], creates: none }
    by_cmd: { command: ['cmd.exe', '/d', '/c', 'script.cmd && echo x> by-cmd.txt'], creates: by-cmd.txt }
`,
    );
    const { exitCode, stderr } = await wine.converge('apply', name);
    expect(exitCode).toBe(4);
    expect(stderr).toContain('ended with exit code 3010');
    expect(stderr).toContain('ended with exit code 2148468767');
    expect(stderr).toContain("can't run nosuchprogram: it was not found");
    // Not by a bare name: what is in the working directory is not on Path.
    expect(stderr).toContain("can't run script.cmd: it was not found");
    expect(stderr).toContain("can't run .\\script.cmd: C:\\work\\script.cmd is not an .exe");
    expect(existsSync(join(wine.work, 'by-cmd.txt'))).toBe(true);
  });

  test('a guard whose program is still to come waits for it; Path serves the same run', async () => {
    copyFileSync(at('windows/system32/hostname.exe'), join(wine.work, 'look.exe'));
    // What is in the working directory is not what Windows' own name means.
    copyFileSync(at('windows/system32/hostname.exe'), join(wine.work, 'reg.exe'));
    onTestFinished(() => rmSync(join(wine.work, 'reg.exe')));
    const name = manifest(
      'path.yaml',
      `  file:
    'C:\\Tools': { kind: directory }
    'C:\\Tools\\look.exe': { source: look.exe }
  env_path:
    'C:\\Tools': {}
  exec:
    guarded: { command: ['cmd', '/c', 'echo x> never.txt'], unless: ['C:\\Tools\\look.exe'] }
    named: { command: ['look'], refresh_only: true, subscribe: 'env_path:C:\\Tools' }
`,
    );
    const { exitCode, stdout, stderr } = await wine.converge('apply', name);
    expect(`${stdout}${stderr}`).toContain('Applied: ');
    expect(exitCode).toBe(0);
    expect(existsSync(join(wine.work, 'never.txt'))).toBe(false);
    const path = (await wine.run('reg', 'query', environmentKey, '/v', 'Path')).stdout;
    expect(path).toMatch(/Path +REG_EXPAND_SZ +%SystemRoot%\\system32;.*;C:\\Tools\n/);
    expect(await wine.converge('apply', name)).toMatchObject({
      stdout: expect.stringContaining('Nothing to do'),
    });
  });

  test('the table of hosts keeps its lines and line ends', async () => {
    const name = manifest(
      'hosts.yaml',
      `  hosts_entry:\n    db.internal: { address: 10.0.0.5, aliases: [db] }\n`,
    );
    const before = text('windows/system32/drivers/etc/hosts');
    await converged(name);
    expect(text('windows/system32/drivers/etc/hosts')).toBe(`${before}10.0.0.5\tdb.internal db\r\n`);
  });

  test('a download is unpacked, and a newer one replaces what it had', async () => {
    let bytes: Buffer = Buffer.alloc(0);
    const server = createServer((_, response) => response.end(bytes)).listen(0, '127.0.0.1');
    await new Promise(listening => server.once('listening', listening));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const version = (tool: string, more: string) => {
      bytes = zip([
        { name: 'bin\\Tool.txt', content: tool },
        { name: more, content: 'd'.repeat(99_999) },
      ]);
      return manifest(
        'archive.yaml',
        `  download:
    'C:\\work\\Tool.zip': { url: 'http://127.0.0.1:${port}/Tool.zip', checksum: 'sha256:${createHash('sha256').update(bytes).digest('hex')}' }
  archive:
    'C:\\Program Files\\Tool': { source: 'c:/work/tool.zip', purge_old: true }
`,
      );
    };
    await converged(version('one', 'sub/deep/x.dll'));
    expect(text('Program Files/Tool/bin/Tool.txt')).toBe('one');
    await converged(version('two', 'sub/y.dll'));
    expect(text('Program Files/Tool/bin/Tool.txt')).toBe('two');
    expect(readdirSync(at('Program Files/Tool/sub'))).toEqual(['y.dll']);
  });

  test('one run at a time, and a killed one is in nobody’s way', async () => {
    const name = manifest(
      'slow.yaml',
      `  exec:\n    slow: { command: ['cmd', '/c', 'echo x> slow.txt && ping -n 50 127.0.0.1'], creates: none }\n`,
    );
    const other = manifest('other.yaml', `  file:\n    'C:\\work\\other.txt': { content: x }\n`);
    const slow = wine.startConverge('apply', name);
    await expect.poll(() => existsSync(join(wine.work, 'slow.txt')), { timeout: 20_000 }).toBe(true);
    const refused = await wine.converge('apply', other);
    expect(refused).toMatchObject({ exitCode: 8, stderr: expect.stringMatching(/process \d+ on /) });
    expect(existsSync(join(wine.work, 'other.txt'))).toBe(false);
    await wine.run('taskkill', '/F', '/IM', 'node.exe');
    await slow.ended;
    await converged(other);
  });

  test('a program that takes too long is stopped; variables have no case', async () => {
    await build({
      entryPoints: [join(import.meta.dirname, '../../../src/io/node-processes.ts')],
      outfile: join(wine.work, 'processes.mjs'),
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'silent',
    });
    writeFileSync(
      join(wine.work, 'stop.mjs'),
      `import { nodeProcesses } from './processes.mjs';
      const { run } = nodeProcesses();
      const script = 'require("fs").writeFileSync("pid", String(process.pid)); setInterval(() => {}, 1000)';
      const { timedOut } = await run({ file: process.execPath, args: ['-e', script], timeout: 3000 });
      let alive = true;
      try { process.kill(Number((await import('node:fs')).readFileSync('pid')), 0); } catch { alive = false; }
      const env = { path: 'C:\\\\windows\\\\system32;C:\\\\Given' };
      const path = await run({ file: 'cmd.exe', args: ['/c', 'echo %PATH%'], env });
      console.log(JSON.stringify({ timedOut, alive, path: path.stdout.trim() }));`,
    );
    const { stdout, stderr } = await wine.run('C:\\Program Files\\converge\\node.exe', 'stop.mjs');
    expect(stderr).toBe('');
    const path = 'C:\\windows\\system32;C:\\Given';
    expect(JSON.parse(stdout)).toEqual({ timedOut: true, alive: false, path });
  });

  test('a task reaches schtasks; that this one keeps no triggers is told, not believed; it is deleted once', async () => {
    const declared = (more: string) =>
      manifest(
        'task.yaml',
        `  scheduled_task:\n    \\Cust\\Sync: { command: 'C:\\sync.exe', every: 30m${more} }\n`,
      );
    const { exitCode, stdout, stderr } = await wine.converge('apply', declared(''));
    expect(exitCode).toBe(4);
    expect(`${stdout}${stderr}`).toContain('Applied: 1 change');
    expect(stderr).toContain('error[not-convergent]');
    // Windows' own default is true: it read the definition, where that said something else.
    expect(text('windows/system32/tasks/Cust/Sync')).toContain(
      '<StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>',
    );
    expect(readdirSync(at('windows/temp')).filter(name => name.startsWith('converge'))).toEqual([]);
    await converged(declared(', ensure: absent'));
    expect(existsSync(at('windows/system32/tasks/Cust/Sync'))).toBe(false);
  });

  test('a VM of the lab is replicated into a folder and restored, the same there as here', async () => {
    expect((await wine.converge('key', 'create', '--to', 'C:\\work\\dr.key')).exitCode).toBe(0);
    writeFileSync(
      join(wine.work, 'vm.yaml'),
      `converge: 1
targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: svc, password: "\${secret('env:VC_PASSWORD')}" }
resources:
  protected_vm:
    dc02:
      repository: { url: 'file:///C:/work/re po', key: "\${secret('file:C:/work/dr.key')}" }
      schedule: every 15 minutes
`,
    );
    const applied = await wine.converge('apply', 'vm.yaml', '--lab', 'lab');
    expect(applied).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('a second plan is empty') });
    const of = ['--repository', 'file:///C:/work/re po', '--key', 'file:C:/work/dr.key', '--lab', 'lab'];
    expect(await wine.converge('verify', ...of)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('1 of 1 recovery point whole'),
    });
    expect((await wine.converge('restore', 'dc02', ...of, '--to', 'C:\\re stored')).exitCode).toBe(0);
    const here = await scratch();
    const url = pathToFileURL(join(wine.work, 'lab/host/C/work/re po')).href;
    const key = `file:${join(wine.work, 'dr.key')}`;
    const args = ['restore', 'dc02', '--repository', url, '--key', key, '--to', 'out'];
    expect((await cli(here, args)).code).toBe(0);
    const image = readFileSync(join(here, 'out/disk-0.raw'));
    expect(image.length).toBeGreaterThan(2 ** 20);
    expect(image.equals(readFileSync(at('re stored/disk-0.raw')))).toBe(true);
  });

  test('values of the registry by reg.exe, as they are written; only what drifted is written again', async () => {
    const name = manifest(
      'values.yaml',
      `  registry_value:
    HKLM\\SOFTWARE\\Cust\\Level: { value: 3 }
    HKLM\\SOFTWARE\\Cust\\Folder: { value: 'C:\\Program Files\\Cust\\' }
    HKLM\\SOFTWARE\\Cust\\Home: { kind: expand, value: '%ProgramFiles%\\Cust' }
    HKLM\\SOFTWARE\\Cust\\Bytes: { kind: binary, value: DEADBEEF }
    HKLM\\SOFTWARE\\Cust\\Empty: { value: '' }
    'HKLM\\SOFTWARE\\Cust App\\Quoted name': { value: 'say "yes" \\\\ and %PATH% ^&' }
`,
    );
    await converged(name);
    const { stdout } = await wine.run('reg', 'query', 'HKLM\\SOFTWARE\\Cust App');
    expect(stdout).toContain('    Quoted name    REG_SZ    say "yes" \\\\ and %PATH% ^&\n');
    await wine.run('reg', 'add', 'HKLM\\SOFTWARE\\Cust', '/v', 'level', '/t', 'REG_DWORD', '/d', '4', '/f');
    expect((await wine.converge('plan', name)).stdout).toContain('Plan: 1 to update, 5 in sync.');
    await converged(name);
  });

  test('a package that wixl built is installed by msiexec once, and its errors are told', async () => {
    writeFileSync(join(wine.work, 'agent.txt'), 'agent');
    writeFileSync(join(wine.work, 'agent.wxs'), agentWxs);
    execFileSync('wixl', ['-a', 'x64', '-o', 'Cust Agent.msi', 'agent.wxs'], {
      cwd: wine.work,
      stdio: 'ignore',
    });
    const uninstall = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall';
    const name = manifest(
      'msi.yaml',
      `  exec:
    agent:
      command: ['msiexec', '/i', 'C:\\work\\Cust Agent.msi', '/qn', '/norestart']
      unless: ['reg', 'query', '${uninstall}\\${productCode}']
`,
    );
    await converged(name);
    expect(text('Program Files/Cust Agent/agent.txt')).toBe('agent');
    const gone = manifest(
      'gone.yaml',
      `  exec:\n    gone: { command: ['msiexec', '/x', '${productCode}', '/qn'], only_if: ['reg', 'query', '${uninstall}\\${productCode}'] }\n`,
    );
    await converged(gone);
    expect(existsSync(at('Program Files/Cust Agent'))).toBe(false);
    const twice = manifest(
      'twice.yaml',
      `  exec:\n    twice: { command: ['msiexec', '/x', '${productCode}', '/qn'], creates: none }\n`,
    );
    expect((await wine.converge('apply', twice)).stderr).toContain('ended with exit code 1605');
  });
});
