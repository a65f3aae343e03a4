import { describe, expect, test } from 'vitest';
import { windowsMachine } from './fixture.ts';

const task = (triggers: string, more = '') =>
  `<?xml version="1.0" encoding="UTF-16"?>\r\n<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">\r\n  <Triggers>${triggers}</Triggers>${more}\r\n  <Actions><Exec><Command>C:\\scripts\\sync.cmd</Command><Arguments>a &amp; b</Arguments></Exec></Actions>\r\n</Task>`;
const every30 =
  '<TimeTrigger><Repetition><Interval>PT30M</Interval></Repetition><StartBoundary>2000-01-01T00:17:00</StartBoundary><Enabled>true</Enabled></TimeTrigger>';
const wide = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le');
const folder = 'C:\\Windows\\System32\\Tasks';

async function machine() {
  const made = await windowsMachine();
  const create = async (name: string, xml: string | Buffer, ...more: string[]) => {
    await made.write('C:\\t.xml', typeof xml === 'string' ? wide(xml) : xml);
    return made.run('schtasks', ['/create', '/tn', name, '/xml', 'C:\\t.xml', ...more]);
  };
  const stored = async (name: string) =>
    (await made.host.files.read(`${folder}\\${name}`))?.toString('utf16le');
  return { ...made, create, stored };
}

describe('schtasks.exe', () => {
  test('keeps a task as Windows does: UTF-16, with URI, author and SID, without defaults', async () => {
    const { create, stored } = await machine();
    const { exitCode, stdout } = await create('Sync', task(every30), '/ru', 'SYSTEM', '/f');
    expect(exitCode).toBe(0);
    expect(stdout).toBe('SUCCESS: The scheduled task "Sync" has successfully been created.\r\n');
    const text = (await stored('Sync'))!;
    expect(text).toMatch(/^\ufeff<\?xml version="1.0" encoding="UTF-16"\?>\r\n<Task version="1.2"/);
    expect(text).toContain('<URI>\\Sync</URI>');
    expect(text).toContain('<Author>NT AUTHORITY\\SYSTEM</Author>');
    expect(text).toContain('<Principal id="Author">\r\n      <UserId>S-1-5-18</UserId>\r\n    </Principal>');
    expect(text).toContain('<Interval>PT30M</Interval>');
    expect(text).not.toContain('<Enabled>true</Enabled>');
    expect(text).toContain('<Arguments>a &amp; b</Arguments>');
    expect(text.indexOf('<Principals>')).toBeLessThan(text.indexOf('<Settings>'));
  });

  test('what it wrote it takes again, and writes the same', async () => {
    const { create, stored, run } = await machine();
    await create(
      'Folder\\Sync',
      task(every30, '<Settings><Hidden>false</Hidden><Priority>4</Priority></Settings>'),
    );
    const first = (await stored('Folder\\Sync'))!;
    const { stdout } = await run('schtasks', ['/query', '/xml', '/tn', '\\folder\\sync']);
    expect(stdout.trim()).toBe(first.slice(1));
    await create('Folder\\Sync', wide(stdout.trim()), '/f');
    expect(await stored('Folder\\Sync')).toBe(first);
  });

  test('replaces only with /f', async () => {
    const { create, stored } = await machine();
    await create('Sync', task(every30));
    const before = await stored('Sync');
    expect((await create('Sync', task('<BootTrigger />'))).exitCode).toBe(1);
    expect(await stored('Sync')).toBe(before);
    expect((await create('Sync', task('<BootTrigger />'), '/f')).exitCode).toBe(0);
  });

  test.each([
    [
      'a misspelt element',
      task(every30.replace('Interval', 'Intervall').replace('/Interval', '/Intervall')),
      /unexpected node\.\r\n\(\d+,\d+\)::Intervall/,
    ],
    [
      'no actions',
      task(every30).replace(/<Actions>.*<\/Actions>/, ''),
      /missing a required element or attribute\.\r\n\(.*\)::Actions/,
    ],
    [
      'an impossible time',
      task(every30.replace('00:17', '25:17')),
      /incorrectly formatted or out of range\.\r\n\(.*\)::StartBoundary/,
    ],
    ['a duration that is none', task(every30.replace('PT30M', '30m')), /out of range\.\r\n\(.*\)::Interval/],
    ['a repetition too short', task(every30.replace('PT30M', 'PT30S')), /out of range\.\r\n\(.*\)::Interval/],
    [
      'another namespace',
      task(every30).replace('windows/2004', 'windows/2005'),
      /malformed\.\r\n\(2,\d+\)::Task/,
    ],
    ['no XML', 'hello', /malformed\.\r\n/],
  ])('refuses %s and says where', async (_, xml, said) => {
    const { create, stored, last } = await machine();
    const { exitCode, stderr } = await create('Sync', xml, '/f');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(said);
    expect(stderr).toMatch(/^ERROR: The task XML /);
    expect(await stored('Sync')).toBeUndefined();
    expect(await last()).toMatchObject({ changed: false });
  });

  test('a file that says UTF-16 and is UTF-8 is malformed behind its declaration', async () => {
    const { create } = await machine();
    const { exitCode, stderr } = await create('Sync', Buffer.from(task(every30)));
    expect(exitCode).toBe(1);
    expect(stderr).toBe('ERROR: The task XML is malformed.\r\n(1,39)::\r\n');
    expect((await create('Sync', Buffer.from(task(every30).replace(/<\?.*\?>/, '')))).exitCode).toBe(0);
  });

  test('knows accounts by name in the language of the machine, and by SID', async () => {
    const { create, stored, lab } = await machine();
    expect((await create('A', task(every30), '/ru', 'Nobody')).exitCode).toBe(1);
    await lab.change({ language: 'de' });
    expect((await create('B', task(every30), '/ru', 'NT-AUTORITÄT\\Netzwerkdienst')).exitCode).toBe(0);
    expect(await stored('B')).toContain('<UserId>S-1-5-20</UserId>');
    expect((await create('C', task(every30), '/ru', 'SYSTEM')).exitCode).toBe(0);
  });

  test('is deleted, disabled, enabled, run and ended', async () => {
    const { create, stored, run } = await machine();
    await create('Sync', task(every30));
    const before = await stored('Sync');
    const status = async () => (await run('schtasks', ['/query', '/tn', 'Sync', '/fo', 'csv', '/nh'])).stdout;
    await run('schtasks', ['/change', '/tn', 'Sync', '/disable']);
    expect(await stored('Sync')).toContain('<Enabled>false</Enabled>');
    expect(await status()).toBe('"\\Sync","N/A","Disabled"\r\n');
    await run('schtasks', ['/change', '/tn', 'Sync', '/enable']);
    expect(await stored('Sync')).toBe(before);
    await run('schtasks', ['/run', '/tn', 'Sync']);
    expect(await status()).toContain('"Running"');
    await run('schtasks', ['/end', '/tn', 'Sync']);
    expect(await status()).toContain('"Ready"');
    expect((await run('schtasks', ['/delete', '/tn', 'Sync'])).exitCode).toBe(1);
    expect((await run('schtasks', ['/delete', '/tn', 'Sync', '/f'])).stdout).toBe(
      'SUCCESS: The scheduled task "Sync" was successfully deleted.\r\n',
    );
    expect(await stored('Sync')).toBeUndefined();
  });

  test.each(['en', 'de'] as const)('a missing task is exit code 1 in any language: %s', async language => {
    const { run, lab } = await machine();
    await lab.change({ language });
    for (const verb of ['/query', '/delete', '/run', '/end', '/change']) {
      const { exitCode, stdout, stderr } = await run('schtasks', [verb, '/tn', 'None', '/f']);
      expect([exitCode, stdout], verb).toEqual([1, '']);
      expect(stderr).toMatch(language === 'de' ? /^FEHLER: / : /^ERROR: /);
    }
  });

  test('/query /xml of all puts them into one document', async () => {
    const { create, run } = await machine();
    await create('A', task(every30));
    await create('Sub\\B', task('<LogonTrigger />'));
    const { stdout } = await run('schtasks', ['/query', '/xml']);
    expect(stdout.match(/<Task version/g)).toHaveLength(2);
    expect(stdout).toContain('<!-- \\Sub\\B -->');
  });
});
