import { execFileSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/diagnostics/diagnostic.ts';
import { nodeFiles } from '../../src/io/node-files.ts';
import { compile } from '../../src/manifest/compile.ts';
import { readManifests } from '../../src/manifest/syntax/find-files.ts';
import { temporaryFolder } from '../support/engine-host.ts';
import { world } from '../support/made-up.ts';
import { compileFiles, fakeRegistry, memoryFiles } from './fixture.ts';

const note = (title: string) => `converge: 1\nresources: { note: { ${title}: {} } }\n`;
const brief = async (...args: Parameters<typeof compileFiles>) => {
  const { diagnostics } = await compileFiles(...args);
  return diagnostics.map(({ message, hint }) => [message, hint]);
};

describe('finding manifests', () => {
  it('takes files, and folders recursively in sorted order, each file once', async () => {
    const files = {
      'm/b.yaml': note('b'),
      'm/a.yml': note('a'),
      'm/a/z.yaml': note('z'),
      'm/readme.md': 'no manifest',
      'm/.hidden/x.yaml': 'no manifest',
      'other.txt': note('o'),
      'q.yaml': note('q'),
    };
    const { catalog, diagnostics } = await compileFiles(files, ['q.yaml', 'm', 'other.txt', './m/b.yaml']);
    expect(diagnostics).toEqual([]);
    expect(catalog.resources.map(({ title }) => title)).toEqual(['q', 'z', 'a', 'b', 'o']);
    expect([...catalog.sources.keys()]).toEqual(['q.yaml', 'm/a/z.yaml', 'm/a.yml', 'm/b.yaml', 'other.txt']);
  });

  it('names files below the working directory relative to it, others as they are', async () => {
    const { catalog } = await compileFiles({ '/here/m/a.yaml': note('a'), '/srv/b.yaml': note('b') }, [
      '/here/m',
      '../srv',
    ]);
    expect([...catalog.sources.keys()]).toEqual(['m/a.yaml', '/srv/b.yaml']);
  });

  it('says what is not there, and what is empty', async () => {
    expect(await brief({ 'm/readme.md': 'x' }, ['m', 'n', '.'])).toEqual([
      ['the folder m holds no manifest', 'a manifest ends in .yaml or .yml'],
      ['n is not there', 'name a manifest file or a folder of them'],
      ['the folder . holds no manifest', 'a manifest ends in .yaml or .yml'],
    ]);
    expect(await brief({}, [])).toEqual([
      ['no manifest was given', 'name a manifest file or a folder of them'],
    ]);
  });

  it('a mistake in the paths leaves the rest checked, but for what the missing one may hold', async () => {
    const text = 'converge: 1\nresources: { note: { a: { size: x, require: note:b } } }';
    const { diagnostics } = await compileFiles({ 'a.yaml': text }, ['a.yaml', 'gone.yaml']);
    expect(diagnostics.map(({ code }) => code)).toEqual(['no-such-file', 'wrong-kind']);
  });

  it('passes on what the file system answers', async () => {
    const files = memoryFiles({ 'a.yaml': '', 'b.yaml': '' });
    const read = async (path: string): Promise<Buffer> => {
      if (path.endsWith('a.yaml'))
        throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
      throw new Failure(world('read-failed', 'the disk is gone'));
    };
    const options = {
      registry: fakeRegistry,
      files: { ...files, read },
      cwd: '/here',
      platform: 'linux' as const,
    };
    const { diagnostics } = await compile(['a.yaml', 'b.yaml'], options);
    expect(diagnostics.map(({ message }) => message)).toEqual([
      "a.yaml can't be read: EACCES",
      'the disk is gone',
    ]);
  });

  it('follows a link that is named', async () => {
    const files = memoryFiles({ 'm/a.yaml': note('a') });
    const stat: typeof files.stat = async path => {
      const found = await files.stat(path);
      return found && path === '/here/m' ? { ...found, kind: 'symlink' } : found;
    };
    const options = {
      registry: fakeRegistry,
      files: { ...files, stat },
      cwd: '/here',
      platform: 'linux' as const,
    };
    const { catalog, diagnostics } = await compile(['m'], options);
    expect(diagnostics).toEqual([]);
    expect(catalog.resources).toHaveLength(1);
  });
});

describe('what is not a manifest', () => {
  it.each<[string, string | Buffer, string]>([
    ['bytes that are not UTF-8', Buffer.from([0x63, 0xff, 0xfe]), 'x.yaml is not text in UTF-8'],
    ['a NUL', 'converge: 1\0', 'x.yaml is not text in UTF-8'],
    ['UTF-16', Buffer.from('\ufeffconverge: 1', 'utf16le'), 'x.yaml is not text in UTF-8'],
    ['nothing', '', 'this manifest is empty'],
    ['comments', '# converge: 1\n', 'this manifest is empty'],
    ['a document mark', '---\n', 'this manifest is empty'],
    [
      'a list',
      '- a',
      'expected a map at the top of the manifest, with keys such as `converge` and `resources`',
    ],
    ['text', 'a', 'expected a map at the top of the manifest, with keys such as `converge` and `resources`'],
    ['too large', Buffer.alloc(8 * 1024 * 1024 + 1, '#'), 'x.yaml is larger than 8 MiB'],
    ['two documents', 'converge: 1\n---\nconverge: 1\n', 'a manifest file holds one YAML document'],
  ])('%s', async (_, content, message) => {
    expect((await brief({ 'x.yaml': content })).map(([message]) => message)).toEqual([message]);
  });

  it('but a byte order mark, a document mark and CRLF are fine', async () => {
    const text = `\ufeff---\n${note('a')}...\n`.replaceAll('\n', '\r\n');
    const { catalog, diagnostics } = await compileFiles({ 'x.yaml': text });
    expect(diagnostics).toEqual([]);
    expect(catalog.resources[0]?.at).toMatchObject({ line: 3, column: 22 });
  });
});

describe('the language version', () => {
  it.each([
    [
      'converge: 2',
      'this manifest is written in language version 2, and this converge reads version 1',
      'install a converge that reads language version 2',
    ],
    ['resources: {}', 'the manifest does not say its language version', 'start it with `converge: 1`'],
    ['converge: one', '`converge`: expected the number 1, found the text `one`', 'write `converge: 1`'],
    ['converge: "1"', '`converge`: expected the number 1, found the text `1`', 'write `converge: 1`'],
    ['converge:', '`converge`: expected the number 1, found nothing', 'write `converge: 1`'],
    ['converge: [1]', '`converge`: expected the number 1, found something else', 'write `converge: 1`'],
  ])('%s: one message, and nothing else is looked at', async (line, message, hint) => {
    expect(await brief({ 'x.yaml': `${line}\nnewkey: { a: b }\nresource: x` })).toEqual([[message, hint]]);
  });

  it.each([
    [
      "{ converge: '>=99.1' }",
      /^this manifest requires converge >=99\.1, and this is \d/,
      'install converge 99.1 or newer',
    ],
    [
      "{ converge: '99.1.2' }",
      /^this manifest requires converge 99\.1\.2, and this is \d/,
      'install converge 99.1.2',
    ],
    [
      "{ converge: '~1' }",
      /^`converge`: expected a version such as '>=1.2', found the text `~1`$/,
      undefined,
    ],
    [
      '{ os: windows }',
      /^this manifest requires windows, and this is linux$/,
      'run it on windows, try it here with --lab, or leave this file out here',
    ],
  ])('requires: %s', async (requires, message, hint) => {
    const errors = await brief({ 'x.yaml': `converge: 1\nrequires: ${requires}` });
    expect(errors).toEqual([[expect.stringMatching(message), hint]]);
  });

  it('requires what is there', async () => {
    expect(await brief({ 'x.yaml': "converge: 1\nrequires: { converge: '>=0.1', os: linux }" })).toEqual([]);
  });
});

it('reads regular files only: a pipe may never end', async () => {
  const dir = temporaryFolder();
  execFileSync('mkfifo', [join(dir, 'pipe.yaml')]);
  symlinkSync('pipe.yaml', join(dir, 'link.yaml'));
  writeFileSync(join(dir, 'real.yml'), note('a'));
  symlinkSync('real.yml', join(dir, 'other.yaml'));
  const said: string[] = [];
  const texts = await readManifests([dir, join(dir, 'pipe.yaml')], nodeFiles, dir, ({ code, message }) =>
    said.push(`${code}: ${message}`),
  );
  expect(texts.map(({ name }) => name)).toEqual(['other.yaml', 'real.yml']);
  expect(said).toEqual([
    'no-regular-file: link.yaml is not a regular file',
    'no-regular-file: pipe.yaml is not a regular file',
    'no-regular-file: pipe.yaml is not a regular file',
  ]);
});
