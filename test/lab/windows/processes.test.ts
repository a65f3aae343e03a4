import { describe, expect, test } from 'vitest';
import { windowsMachine } from './fixture.ts';

const greeting = ['add', 'HKLM\\SOFTWARE\\Cust', '/v', 'Greeting', '/d', 'hello world', '/f'];

describe('programs of the Windows host', () => {
  test('are found by path in any case, and by name in Path', async () => {
    const { run } = await windowsMachine();
    for (const file of ['C:\\Windows\\System32\\reg.exe', 'c:/windows/system32/REG', 'reg', 'reg.exe']) {
      expect((await run(file, ['query', 'HKLM\\SOFTWARE'])).exitCode, file).toBe(0);
    }
  });

  test('run only while their file is there', async () => {
    const { run, host, last } = await windowsMachine();
    await host.files.remove('C:\\Windows\\System32\\reg.exe');
    const refused = expect(run('C:\\Windows\\System32\\reg.exe', ['query', 'HKLM'])).rejects;
    await refused.toMatchObject({ diagnostics: [{ code: 'program-not-started' }] });
    await refused.toThrow("can't run C:\\Windows\\System32\\reg.exe: it was not found");
    expect(await last()).toMatchObject({
      program: 'C:\\Windows\\System32\\reg.exe',
      exit_code: null,
      changed: false,
    });
  });

  test('without a stand-in are refused by name, and scripts without cmd.exe', async () => {
    const { run, write } = await windowsMachine();
    await write('C:\\tools\\own.exe', 'MZ');
    await write('C:\\tools\\do.cmd', 'rem\r\n');
    await expect(run('C:\\tools\\own.exe', [])).rejects.toThrow('the lab has no stand-in');
    await expect(run('C:\\tools\\do.cmd', [])).rejects.toThrow('is not an .exe, and no shell is used');
    await expect(run('reg', ['query', 'HKLM'], { cwd: 'C:\\none' })).rejects.toThrow('was not found');
  });

  test('are logged with whether they changed anything, for the next process too', async () => {
    const { run, dir, lab } = await windowsMachine();
    await run('reg', greeting);
    await run('reg', ['query', 'HKLM\\SOFTWARE\\Cust']);
    // What lands in the temporary folder is not a change of the machine.
    await run('reg', [
      'export',
      'HKLM\\SOFTWARE\\Cust',
      '%TEMP%'.replace('%TEMP%', 'C:\\Windows\\Temp\\x.reg'),
    ]);
    const again = await windowsMachine(dir);
    expect(
      (await again.lab.processes()).map(({ args, exit_code, changed }) => [args[0], exit_code, changed]),
    ).toEqual([
      ['add', 0, true],
      ['query', 0, false],
      ['export', 0, false],
    ]);
    await lab.forgetProcesses();
    expect(await again.lab.processes()).toEqual([]);
  });

  test('an environment has names without case, and is what the registry said when the process began', async () => {
    const { run, host, dir } = await windowsMachine();
    expect(host.env.PATH).toBe(host.env.Path);
    expect(host.env.path).toMatch(/^C:\\Windows\\system32;C:\\Windows;/);
    expect(host.env.temp).toBe('C:\\Windows\\TEMP');
    expect('PROGRAMFILES' in host.env).toBe(true);
    const key = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment';
    await run('reg', [
      'add',
      key,
      '/v',
      'Path',
      '/t',
      'REG_EXPAND_SZ',
      '/d',
      '%SystemRoot%\\system32;C:\\New',
      '/f',
    ]);
    expect(host.env.Path).not.toContain('C:\\New');
    expect((await windowsMachine(dir)).host.env.Path).toBe('C:\\Windows\\system32;C:\\New');
  });

  test('letters beyond ASCII come in a code page that is not UTF-8', async () => {
    const { run, lab } = await windowsMachine();
    await lab.change({ language: 'de' });
    const { stderr, exitCode } = await run('reg', ['query', 'HKLM\\SOFTWARE\\None']);
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      'FEHLER: Der angegebene Registrierungsschl\ufffdssel bzw. Wert wurde nicht gefunden.\r\n',
    );
  });
});

describe('cmd.exe /c', () => {
  const script = [
    '@echo off',
    'rem two values',
    'reg add HKLM\\SOFTWARE\\Cust /v "First one" /d "%GREETING% world" /f',
    '"C:\\Windows\\System32\\reg.exe" add HKLM\\SOFTWARE\\Cust /v Second /t REG_DWORD /d 2 /f >%TEMP%\\log.txt 2>&1',
    '',
  ].join('\r\n');

  test('runs a script line by line, each program logged', async () => {
    const { run, write, read, lab } = await windowsMachine();
    await write('C:\\scripts\\two values.cmd', script);
    const { exitCode } = await run('cmd', ['/c', 'C:\\scripts\\two values.cmd'], {
      env: { greeting: 'hello' },
    });
    expect(exitCode).toBe(0);
    const { stdout } = await run('reg', ['query', 'HKLM\\SOFTWARE\\Cust']);
    expect(stdout).toContain('    First one    REG_SZ    hello world\r\n    Second    REG_DWORD    0x2\r\n');
    expect(await read('C:\\Windows\\Temp\\log.txt')).toBe('The operation completed successfully.\r\n');
    const log = (await lab.processes()).map(({ program, changed }) => [program.split('\\').at(-1), changed]);
    expect(log.slice(0, 3)).toEqual([
      ['reg.exe', true],
      ['reg.exe', true],
      ['cmd.exe', false],
    ]);
  });

  test('gives the exit code of the last program, or the one that the script says', async () => {
    const { run, write } = await windowsMachine();
    expect((await run('cmd.exe', ['/c', 'reg query HKLM\\SOFTWARE\\None'])).exitCode).toBe(1);
    await write('C:\\seven.cmd', 'reg query HKLM\\SOFTWARE\r\nexit /b 7\r\nreg query HKLM\\NONE\r\n');
    expect((await run('cmd.exe', ['/d', '/s', '/c', 'c:\\seven'])).exitCode).toBe(7);
  });

  test.each(['if exist x reg query HKLM', 'reg query HKLM | findstr x', 'copy a b'])(
    'refuses aloud what it does not know: %s',
    async line => {
      const { run } = await windowsMachine();
      const { exitCode, stderr } = await run('cmd', ['/c', line]);
      expect(exitCode).toBe(1);
      expect(stderr).toContain("the lab's cmd.exe runs one program per line");
    },
  );
});

describe('faults of the Windows host', () => {
  test('last until they were met, across processes', async () => {
    const { lab, dir } = await windowsMachine();
    await lab.fault({ kind: 'exit', program: 'reg', code: 183, times: 2 });
    const { run } = await windowsMachine(dir);
    expect((await run('whoami', [])).exitCode).toBe(0);
    expect((await run('reg', greeting)).exitCode).toBe(183);
    expect((await run('reg', ['query', 'HKLM\\SOFTWARE\\Cust'])).exitCode).toBe(183);
    expect((await run('reg', ['query', 'HKLM\\SOFTWARE\\Cust'])).exitCode).toBe(1);
  });

  test('a missing program, denied access', async () => {
    const { lab, run } = await windowsMachine();
    await lab.fault({ kind: 'missing', program: 'sc.exe' });
    await expect(run('sc', ['query', 'Schedule'])).rejects.toThrow('was not found');
    await lab.fault({ kind: 'access-denied', program: 'sc.exe' });
    expect((await run('sc', ['query', 'Schedule'])).exitCode).toBe(5);
    expect((await run('sc', ['query', 'Schedule'])).exitCode).toBe(0);
  });

  test('an unknown one is refused with the nearest name', async () => {
    const { lab } = await windowsMachine();
    await expect(lab.fault({ kind: 'exti' as 'exit' })).rejects.toThrow(
      'the Windows host has no fault `exti`',
    );
    await expect(lab.fault({ kind: 'exit', program: 'reg' })).rejects.toThrow('needs code');
  });

  test('without an administrator nothing is written: dism says 740, others that access is denied', async () => {
    const { lab, run, host } = await windowsMachine();
    await lab.change({ elevated: false });
    expect((await run('dism', ['/online', '/english', '/get-features'])).exitCode).toBe(740);
    expect((await run('reg', greeting)).exitCode).toBe(1);
    expect((await run('sc', ['config', 'Spooler', 'start=', 'disabled'])).exitCode).toBe(5);
    expect((await run('reg', ['query', 'HKLM\\SOFTWARE\\Cust'])).exitCode).toBe(1);
    expect((await run('whoami', ['/groups'])).stdout).toContain('S-1-16-8192');
    await expect(host.files.writeAtomic('C:\\Windows\\x', Buffer.from(''))).rejects.toThrow(
      'access is denied',
    );
    await host.files.writeAtomic('C:\\Users\\x', Buffer.from(''));
    expect((await lab.processes()).filter(({ changed }) => changed)).toEqual([]);
    await lab.change({ elevated: true });
    expect((await run('whoami', ['/groups'])).stdout).toContain('S-1-16-12288');
    expect((await run('reg', greeting)).exitCode).toBe(0);
  });
});
