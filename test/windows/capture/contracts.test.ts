import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseCapture } from '../../../src/windows/capture/capture.ts';
import { replay } from '../../../src/windows/capture/contracts.ts';
import { cli, scratch } from '../../support/cli.ts';
import { labCapture, probes, type Recorded } from './lab-capture.ts';

type Captured = Awaited<ReturnType<typeof labCapture>>;

const verdicts = async (capture: Captured) =>
  new Map(
    (await replay(parseCapture(JSON.stringify(capture), 'c.json'))).map(({ belief, verdict, why }) => [
      belief,
      why === undefined ? verdict : `${verdict}: ${why}`,
    ]),
  );

/** The capture with one call changed. */
function changed(capture: Captured, program: string, args: string, change: Partial<Recorded>): Captured {
  const hit = capture.calls.findIndex(
    call => call.program.endsWith(program) && call.args.join(' ').startsWith(args),
  );
  expect(hit, `${program} ${args}`).toBeGreaterThanOrEqual(0);
  return {
    ...capture,
    calls: capture.calls.map((call, index) => (index === hit ? { ...call, ...change } : call)),
  };
}
const said = (text: string | Buffer) => Buffer.from(text).toString('base64');

describe('a recording of a Windows', () => {
  test('of the lab is as the lab believes, in all that it can tell', async () => {
    const found = await verdicts(await labCapture());
    const notConfirmed = [...found].filter(([, verdict]) => verdict !== 'confirmed');
    expect(notConfirmed).toEqual([
      ['output is UTF-8, into a pipe too', 'not captured: nothing beyond ASCII was said'],
      [
        'what console programs write beyond ASCII is unreadable as UTF-8',
        'not captured: nothing beyond ASCII was said',
      ],
      ['powershell.exe -Command gives a script its stdin by [Console]::In', 'not captured: powershell.exe'],
    ]);
    expect(found.size).toBeGreaterThan(20);
  });

  test.each<[string, string, string, Partial<Recorded>, string]>([
    [
      'a state that is new',
      'dism.exe',
      '/online /english /get-features',
      { stdout: said('IIS-WebServerRole | Staged\r\n') },
      'contradicted: IIS-WebServerRole is Staged',
    ],
    [
      'a table in another language',
      'dism.exe',
      '/online /english /get-features',
      { stdout: said('nothing\r\n') },
      'contradicted: 0 features, no IIS-WebServerRole',
    ],
    [
      'no XML from appcmd',
      'appcmd.exe',
      'list site /config',
      { stdout: said('SITE "x"') },
      'contradicted: appcmd list site printed no XML',
    ],
    [
      'a list that says that it found nothing',
      'appcmd.exe',
      'list site converge',
      { stdout: said('x'), exit_code: 0 },
      'contradicted: exit code 0, 1 bytes',
    ],
    [
      'an end of line behind the time zone',
      'tzutil.exe',
      '/g',
      { stdout: said('UTC\r\n') },
      'contradicted: "UTC\\r\\n"',
    ],
    [
      'UTF-8 from a console program',
      'sc.exe',
      'qc',
      { stdout: said('Aufgabenplanung f\u00fcr') },
      'contradicted: it is UTF-8',
    ],
    [
      'an object in another code page',
      'appcmd.exe',
      'list app ',
      { stdout: said(Buffer.from([0x3c, 0xfc])) },
      'contradicted: bytes that are not UTF-8',
    ],
    [
      'a script that sees no stdin',
      'powershell.exe',
      '',
      { missing: false as never, exit_code: 1 },
      'contradicted: exit code 1',
    ],
    ['IIS that is absent', 'appcmd.exe', 'list apppool', { missing: true }, 'not captured: '],
  ])('%s is found', async (_, program, args, change, verdict) => {
    const found = await verdicts(changed(await labCapture(), program, args, change));
    expect([...found.values()].filter(one => one.startsWith(verdict))).not.toEqual([]);
  });

  test('is asked for by the script as converge itself asks', async () => {
    const asked = probes().map(({ program, args }) => `${program} ${args.join(' ')}`);
    expect(new Set(asked).size).toBe(asked.length);
    // Nothing that changes anything.
    for (const line of asked)
      expect(line).not.toMatch(/ (add|set|delete|create|import|grant|\/s(?!\b)|stop) /i);
  });

  test('is held against the beliefs from the command line', async () => {
    const dir = await scratch();
    const capture = await labCapture();
    await writeFile(join(dir, 'capture.json'), `\ufeff${JSON.stringify(capture)}`);
    const good = await cli(dir, ['lab', 'contracts', '--replay', 'capture.json']);
    expect(good.stdout).toMatch(/^Windows 10\.0\.20348\.0, en-US, IIS 10\.0, 2026-03-01T12:00:00Z\n/);
    expect(good.stdout).toContain('\nconfirmed: netsh ends with 1 on any failure\n');
    expect(good.code).toBe(0);
    const other = changed(capture, 'netsh.exe', 'advfirewall', { exit_code: 0 });
    await writeFile(join(dir, 'capture.json'), JSON.stringify(other));
    const bad = await cli(dir, ['lab', 'contracts', '--replay', 'capture.json']);
    expect(bad.stdout).toContain('\ncontradicted: netsh ends with 1 on any failure (exit code 0)\n');
    expect(bad.code).toBe(4);
  });

  test.each([
    ['{', 'it is not JSON'],
    ['[]', 'it is something else'],
    ['{"converge_capture":2}', 'its version is 2'],
    ['{"converge_capture":1}', 'parts of it are missing'],
    [
      '{"converge_capture":1,"host":{"system_root":"C:\\\\Windows"},"calls":[{}]}',
      'one of its calls has no program, arguments, exit code or output',
    ],
  ])('%s is none', async (text, why) => {
    const dir = await scratch();
    await writeFile(join(dir, 'c.json'), text);
    const { code, stderr } = await cli(dir, ['lab', 'contracts', '--replay', 'c.json']);
    expect(code).toBe(1);
    expect(stderr).toContain(`c.json is not a capture of a Windows: ${why}`);
  });

  test('that is not there is a mistake in what was given', async () => {
    const { code, stderr } = await cli(await scratch(), ['lab', 'contracts', '--replay', 'none.json']);
    expect(code).toBe(1);
    expect(stderr).toContain('there is no file none.json');
  });
});
