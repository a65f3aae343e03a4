import { chmod, chown, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

const nobody = 65534;
const isRoot = process.getuid?.() === 0;

/** A folder whose state folder remembers an archive in `app` with files outside of it. */
async function planted() {
  const dir = await scratch();
  const state = join(dir, '.converge');
  for (const name of ['.converge', 'app', 'precious']) await mkdir(join(dir, name), { mode: 0o755 });
  await writeFile(join(dir, 'precious/f'), 'precious');
  await writeFile(
    join(dir, 'm.yaml'),
    `converge: 1\nresources:\n  archive:\n    ${dir}/app: { source: ${dir}/a.zip, ensure: absent }\n`,
  );
  const remembered = { source: `${dir}/a.zip`, files: { '../precious/f': {} }, directories: ['../precious'] };
  const text = JSON.stringify({ version: 1, entries: { [`archive:${dir}/app`]: remembered } });
  await writeFile(join(state, 'state.json'), text, { mode: 0o600 });
  const precious = () => readFile(join(dir, 'precious/f'), 'utf8');
  return { dir, state, precious };
}

describe('a state folder that was planted', () => {
  test.runIf(isRoot).each([
    ['the folder', (state: string) => chown(state, nobody, nobody)],
    ['the file', (state: string) => chown(join(state, 'state.json'), nobody, nobody)],
  ])('removes nothing when %s belongs to another user', async (_, plant) => {
    const { dir, state, precious } = await planted();
    await plant(state);
    for (const command of ['plan', 'apply']) {
      const { code, stderr } = await cli(dir, [command, 'm.yaml']);
      expect(code, stderr).toBe(1);
      expect(stderr).toMatch(
        /error\[state-not-safe\].*is not trusted: it belongs to another user \(uid 65534\)/,
      );
      expect(stderr).toMatch(/--state DIR/);
    }
    expect(await precious()).toBe('precious');
  });

  test.each([
    ['the folder', (state: string) => chmod(state, 0o777)],
    ['the file', (state: string) => chmod(join(state, 'state.json'), 0o666)],
    [
      'what it knows of repositories',
      async (state: string) => {
        await writeFile(join(state, 'repositories.json'), '{"version":1,"repositories":[]}');
        await chmod(join(state, 'repositories.json'), 0o666);
      },
    ],
    [
      'its memory',
      async (state: string) => {
        await mkdir(join(state, 'memory'));
        await chmod(join(state, 'memory'), 0o770);
      },
    ],
  ])('removes nothing when others can write to %s', async (_, plant) => {
    const { dir, state, precious } = await planted();
    await plant(state);
    const { code, stderr } = await cli(dir, ['apply', 'm.yaml']);
    expect(code, stderr).toBe(1);
    expect(stderr).toMatch(/error\[state-not-safe\].*others can write to it/);
    expect(await precious()).toBe('precious');
  });

  test.runIf(isRoot)('is not reached by a link of another user', async () => {
    const { dir, state, precious } = await planted();
    await symlink(state, join(dir, 'linked'));
    const linked = ['apply', 'm.yaml', '--state', join(dir, 'linked')];
    expect((await cli(dir, linked)).stderr).not.toMatch(/state-not-safe/);
    await chown(state, nobody, nobody);
    expect((await cli(dir, linked)).stderr).toMatch(/state-not-safe.*linked is not trusted/);
    expect(await precious()).toBe('precious');
  });

  test('removes nothing when it is our own, but was copied from elsewhere', async () => {
    const { dir, precious } = await planted();
    const { code, stderr } = await cli(dir, ['apply', 'm.yaml']);
    expect(code, stderr).toBe(4);
    expect(stderr).toMatch(/error\[memory-refused\]/);
    expect(await precious()).toBe('precious');
    expect(await stat(join(dir, 'precious'))).toBeDefined();
  });
});
