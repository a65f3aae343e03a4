import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

const samples = join(import.meta.dirname, 'ebextensions');

/** A folder `.ebextensions` with these files in it. */
async function place(...files: string[]) {
  const dir = await scratch();
  await mkdir(join(dir, '.ebextensions'));
  for (const file of files) copyFileSync(file, join(dir, '.ebextensions', file.split('/').at(-1)!));
  const adopt = (...args: string[]) => cli(dir, ['adopt', 'ebextensions', ...args]);
  return { dir, adopt, text: (file: string) => readFile(join(dir, file), 'utf8') };
}

/** Adopts the folder; the manifest is valid, and is given with what was said. */
async function adopted(...files: string[]) {
  const { dir, adopt, text } = await place(...files);
  const { code, stdout, stderr } = await adopt('.ebextensions', '-o', 'm.yaml');
  expect([code, stdout], stderr).toEqual([0, '']);
  const valid = await cli(dir, ['validate', 'm.yaml', '--lab']);
  expect([valid.code, valid.stderr]).toEqual([0, '']);
  return { dir, manifest: await text('m.yaml'), stderr };
}

describe('the .ebextensions', () => {
  test('of the article become a manifest that is valid', async () => {
    const { manifest, stderr } = await adopted(join(samples, 'article.config'));
    await expect(`${manifest}\n${stderr}`).toMatchFileSnapshot('ebextensions/article.golden.yaml');
  });

  test('with every program that is known: what a type refuses is a comment, no secret is anywhere', async () => {
    const { manifest, stderr } = await adopted(join(samples, 'every-program.config'));
    expect(manifest + stderr).not.toContain('hunter2');
    await expect(`${manifest}\n${stderr}`).toMatchFileSnapshot('ebextensions/every-program.golden.yaml');
  });

  test('nothing in them steers the terminal', async () => {
    const { dir, adopt } = await place();
    const clear = '\\u001b[2J';
    const text = `{"commands":{"a":{"command":"frob ${clear}"}},"files":{"C:\\\\a${clear}":{"content":"x"}}}`;
    await writeFile(join(dir, '.ebextensions/a.config'), text);
    const { code, stdout, stderr } = await adopt('.ebextensions');
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('frob \ufffd[2J');
    expect(stdout + stderr).not.toContain('\u001b');
  });

  test('dollars and braces are text', async () => {
    const { dir } = await adopted(join(samples, 'every-program.config'));
    const { stdout } = await cli(dir, ['plan', 'm.yaml', '--lab', '--format', 'json'], {
      env: { SHOP_PASSWORD: 'a', AGENT_JSON: 'b', NIGHTLY_PASSWORD: 'c' },
    });
    const { resources } = JSON.parse(stdout) as { resources: { title: string; properties: unknown }[] };
    const odd = resources.find(({ title }) => title.endsWith('.txt'));
    expect(odd?.properties).toEqual({ content: '100 ${percent} $$' });
  });
});

const shared = join(import.meta.dirname, '../../../shared/data/ebextensions');
if (!existsSync(shared)) console.warn('SKIPPED: the real .ebextensions files are not here');
describe.skipIf(!existsSync(shared))('the real files', () => {
  test('become a manifest that is valid, and what it leaves is told', async () => {
    const files = readdirSync(shared).filter(name => name.endsWith('.config'));
    const { manifest, stderr } = await adopted(...files.map(name => join(shared, name)));
    // The texts of the files are theirs.
    const shape = manifest.replace(/^( +)content: \|\n(?:\1 .*\n| *\n)+/gm, '$1content: (its text)\n');
    await expect(`${shape}\n${stderr}`).toMatchFileSnapshot('ebextensions/real.golden.yaml');
  });
});

describe('files', () => {
  test('are named one by one as well, and what is adopted goes to stdout', async () => {
    const { adopt } = await place(join(samples, 'article.config'));
    const { code, stdout } = await adopt('.ebextensions/article.config');
    expect(code).toBe(0);
    expect(stdout).toContain('# .ebextensions/article.config:');
  });

  test('that are not there, and folders without one, are told together', async () => {
    const { dir, adopt } = await place();
    const { code, stderr } = await adopt('nowhere.config', '.ebextensions');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /nowhere.config is not there[\s\S]*the folder .ebextensions holds no .config file/,
    );
    await writeFile(join(dir, 'm.yaml'), 'mine');
    expect((await adopt('x', '-o', 'm.yaml')).stderr).toContain('m.yaml exists already');
    expect((await adopt()).stderr).toContain('no file was named');
  });
});
