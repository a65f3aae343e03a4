import { describe, expect, test } from 'vitest';
import { windowsMachine } from './fixture.ts';

describe('sc.exe', () => {
  test('shows a service and its configuration', async () => {
    const { run } = await windowsMachine();
    const { stdout } = await run('sc', ['queryex', 'schedule']);
    expect(stdout).toContain('SERVICE_NAME: Schedule ');
    expect(stdout).toContain('        STATE              : 4  RUNNING ');
    expect((await run('sc', ['qc', 'Schedule'])).stdout.split('\r\n')).toEqual(
      expect.arrayContaining([
        '        START_TYPE         : 2   AUTO_START',
        '        DEPENDENCIES       : RpcSs',
        '                           : EventLog',
        '        SERVICE_START_NAME : LocalSystem',
      ]),
    );
  });

  test.each(['en', 'de'] as const)(
    'exit codes are those of Windows, on stdout, in any language: %s',
    async language => {
      const { run, lab } = await windowsMachine();
      await lab.change({ language });
      const answers: [string[], number][] = [
        [['query', 'None'], 1060],
        [['config', 'None', 'start=', 'auto'], 1060],
        [['start', 'None'], 1060],
        [['start', 'Spooler'], 1056],
        [['stop', 'wuauserv'], 1062],
        [['start', 'SNMPTRAP'], 1058],
        [['stop', 'EventLog'], 1051],
        [['create', 'Spooler', 'binPath=', 'x'], 1073],
        [['config', 'Spooler', 'start=', 'sometimes'], 1639],
        [['frobnicate', 'Spooler'], 1639],
      ];
      for (const [args, code] of answers) {
        const { exitCode, stderr, stdout } = await run('sc', args);
        expect([exitCode, stderr], args.join(' ')).toEqual([code, '']);
        if (code < 1600) expect(stdout).toMatch(language === 'de' ? / FEHLER \d+:\r\n/ : / FAILED \d+:\r\n/);
      }
      expect((await lab.processes()).filter(({ changed }) => changed)).toEqual([]);
    },
  );

  test('creates, configures, starts with what it needs, stops and deletes, all in the registry', async () => {
    const { run } = await windowsMachine();
    const sc = async (...args: string[]) => (await run('sc', args)).exitCode;
    expect(
      await sc(
        'create',
        'Own',
        'binPath=',
        'C:\\own\\own.exe -x',
        'start=',
        'delayed-auto',
        'depend=',
        'wuauserv',
      ),
    ).toBe(0);
    expect((await run('sc', ['qc', 'own'])).stdout).toContain(
      'START_TYPE         : 2   AUTO_START  (DELAYED)',
    );
    expect(await sc('start', 'Own')).toBe(0);
    expect((await run('sc', ['query', 'wuauserv'])).stdout).toContain('RUNNING');
    expect(await sc('config', 'Own', 'start=disabled', 'DisplayName=', 'Own service')).toBe(0);
    expect(await sc('failure', 'Own', 'reset=', '86400', 'actions=', 'restart/5000/restart/10000')).toBe(0);
    expect(await sc('description', 'Own', 'does things')).toBe(0);
    const { stdout } = await run('reg', ['query', 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\Own']);
    expect(stdout).toContain('    Start    REG_DWORD    0x4\r\n');
    expect(stdout).toContain('    DisplayName    REG_SZ    Own service\r\n');
    expect(stdout).toContain('    Description    REG_SZ    does things\r\n');
    expect(stdout).toContain(
      '    FailureActions    REG_BINARY    8051010000000000000000000200000014000000010000008813000001000000102700',
    );
    // A running one is only marked.
    expect(await sc('delete', 'Own')).toBe(0);
    expect(await sc('delete', 'Own')).toBe(1072);
    expect(await sc('query', 'Own')).toBe(0);
    expect(await sc('stop', 'Own')).toBe(0);
    expect(await sc('query', 'Own')).toBe(1060);
  });

  test('a restart starts what starts by itself and nothing else', async () => {
    const { run, lab } = await windowsMachine();
    await run('sc', ['stop', 'Spooler']);
    await run('sc', ['start', 'wuauserv']);
    await lab.restart();
    expect((await run('sc', ['query', 'Spooler'])).stdout).toContain('RUNNING');
    expect((await run('sc', ['query', 'wuauserv'])).stdout).toContain('STOPPED');
    expect((await run('sc', ['query'])).stdout).not.toContain('wuauserv');
  });
});

describe('net.exe', () => {
  test('fails with 2, and stops what depends on a service along with it', async () => {
    const { run } = await windowsMachine();
    expect((await run('net', ['start', 'Spooler'])).exitCode).toBe(2);
    expect((await run('net', ['stop', 'None'])).exitCode).toBe(2);
    expect((await run('net', ['stop', 'RpcSs'])).exitCode).toBe(0);
    expect((await run('sc', ['query', 'Spooler'])).stdout).toContain('STOPPED');
    expect((await run('net', ['start', 'Schedule'])).stdout).toBe(
      'The Task Scheduler service was started successfully.\r\n\r\n',
    );
  });
});
