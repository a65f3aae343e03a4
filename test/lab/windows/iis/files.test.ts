import { describe, expect, test } from 'vitest';
import { parseXml, printXml } from '../../../../src/lab/windows/iis/text/xml.ts';
import { HOST_FILE, type Host, hostFile, iisHost, lines, run } from './fixture.ts';

const write = (host: Host, text: string) => host.files.writeAtomic(HOST_FILE, Buffer.from(text));

describe('applicationHost.config', () => {
  test('an edit changes its own lines: comments, order, line ends, mark and unknown elements stay', async () => {
    const host = await iisHost();
    const odd = (await hostFile(host))
      .replace(
        '<sites>',
        '<sites>\n            <!-- ours -->\n            <unknown a="1&amp;2"><b>text</b></unknown>',
      )
      .replace(/\n/g, '\r\n');
    await write(host, `\ufeff${odd}`);
    await lines(host, 'set', 'site', 'Default Web Site', '/serverAutoStart:false');
    const before = `\ufeff${odd}`.split('\r\n');
    const after = (await hostFile(host)).split('\r\n');
    expect(after).toHaveLength(before.length);
    const changed = after.filter((line, at) => line !== before[at]);
    expect(changed).toEqual(['            <site name="Default Web Site" id="1" serverAutoStart="false">']);
  });

  test('adding and deleting leaves what was', async () => {
    const host = await iisHost();
    const before = await hostFile(host);
    await lines(host, 'add', 'apppool', '/name:a', '/processModel.idleTimeout:00:05:00');
    await lines(host, 'add', 'site', '/name:a', '/physicalPath:C:\\a', '/bindings:http/*:81:');
    await lines(host, 'add', 'app', '/site.name:a', '/path:/b', '/physicalPath:C:\\b');
    expect(await hostFile(host)).toContain(`
            <site name="a" id="2">
                <bindings>
                    <binding protocol="http" bindingInformation="*:81:" />
                </bindings>
                <application path="/">
                    <virtualDirectory path="/" physicalPath="C:\\a" />
                </application>
                <application path="/b">
                    <virtualDirectory path="/" physicalPath="C:\\b" />
                </application>
            </site>`);
    await lines(host, 'delete', 'site', 'a');
    await lines(host, 'delete', 'apppool', 'a');
    expect(await hostFile(host)).toBe(before);
  });

  test('what is not XML ends every command with 13 and stays as it is', async () => {
    const host = await iisHost();
    await write(host, '<configuration>\n<oops');
    for (const args of [
      ['list', 'site'],
      ['add', 'apppool', '/name:a'],
      ['set', 'config', '/section:asp'],
    ])
      expect(await run(host, args)).toMatchObject({
        exitCode: 13,
        stdout: expect.stringContaining(`Filename: \\\\?\\${HOST_FILE}`) as string,
      });
    expect(await hostFile(host)).toBe('<configuration>\n<oops');
  });

  test('the file keeps the case of its name', async () => {
    const host = await iisHost();
    const written: string[] = [];
    const { writeAtomic } = host.files;
    host.files.writeAtomic = (path, bytes) => {
      written.push(path);
      return writeAtomic(path, bytes);
    };
    await lines(host, 'add', 'apppool', '/name:a');
    expect(written).toContain(HOST_FILE);
  });

  test('printing is the inverse of parsing', async () => {
    const text = await hostFile(await iisHost());
    expect(printXml(parseXml(text))).toBe(text);
  });
});

describe('a write of somebody else', () => {
  const message = 'ERROR ( hresult:c00cee2b, message:Failed to commit configuration changes. \r\n\r\n )\r\n';

  test('in between is refused, and theirs stays', async () => {
    const host = await iisHost();
    const { read } = host.files;
    let reads = 0;
    host.files.read = async path => {
      const found = await read(path);
      if (path === HOST_FILE && reads++ === 0) await write(host, `${found!.toString()}<!-- theirs -->`);
      return found;
    };
    expect(await run(host, ['add', 'apppool', '/name:a'])).toEqual({
      exitCode: 0xc00cee2b,
      stdout: message,
      stderr: '',
    });
    expect(await hostFile(host)).toMatch(/<!-- theirs -->$/);
    expect((await run(host, ['add', 'apppool', '/name:a'])).exitCode).toBe(0);
    expect(await hostFile(host)).toContain('<!-- theirs -->');
  });

  test('of two commands at once one wins, and none is lost', async () => {
    const host = await iisHost();
    const both = await Promise.all(['a', 'b'].map(name => run(host, ['add', 'apppool', `/name:${name}`])));
    expect(both.map(each => each.exitCode).sort()).toEqual([0, 0xc00cee2b]);
    const names = await lines(host, 'list', 'apppool', '/text:name');
    expect(names).toEqual(['DefaultAppPool', both[0]!.exitCode === 0 ? 'a' : 'b']);
  });
});
