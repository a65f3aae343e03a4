import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

const manifest = (mode: string) => `converge: 1
resources:
  file:
    srv: { kind: directory }
    srv/motd: { content: hello, mode: ${mode} }
`;

/** A folder with a manifest and the plan of it. */
async function planned(mode = '0644') {
  const dir = await scratch();
  await writeFile(join(dir, 'm.yaml'), manifest(mode));
  expect((await cli(dir, ['plan', 'm.yaml', '-o', 'plan.json'])).code).toBe(0);
  const text = await readFile(join(dir, 'plan.json'), 'utf8');
  return { dir, text, digest: (JSON.parse(text) as { digest: string }).digest };
}

describe('apply --digest', () => {
  test('applies what was approved, by eight digits or all of them, in either case', async () => {
    for (const digits of [8, 64]) {
      const { dir, digest } = await planned();
      const { code, stderr } = await cli(dir, [
        'apply',
        'm.yaml',
        '--digest',
        digest.slice(0, digits).toUpperCase(),
      ]);
      expect(code, stderr).toBe(0);
      expect(await readFile(join(dir, 'srv/motd'), 'utf8')).toBe('hello');
    }
  });

  test('refuses with 8 when the manifest or the world is another, and does nothing', async () => {
    for (const change of [
      (dir: string) => writeFile(join(dir, 'm.yaml'), manifest('0600')),
      async (dir: string) => {
        const { mkdir } = await import('node:fs/promises');
        await mkdir(join(dir, 'srv'));
      },
    ]) {
      const { dir, digest } = await planned();
      await change(dir);
      const { code, stderr, stdout } = await cli(dir, ['apply', 'm.yaml', '--digest', digest]);
      expect(code).toBe(8);
      expect(stderr).toMatch(/other-digest/);
      expect(stdout).toMatch(/to create/);
      await expect(readFile(join(dir, 'srv/motd'))).rejects.toMatchObject({ code: 'ENOENT' });
    }
  });

  test('holds for a plan file as well', async () => {
    const { dir, digest } = await planned();
    expect((await cli(dir, ['apply', 'plan.json', '--digest', 'ffffffff'])).code).toBe(8);
    expect((await cli(dir, ['apply', 'plan.json', '--digest', digest])).code).toBe(0);
  });

  test.each(['7f3a9c2', 'no-hex-00', '', 'f'.repeat(65)])('takes 8 to 64 hex digits, not "%s"', async hex => {
    const { dir } = await planned();
    const { code, stderr } = await cli(dir, ['apply', 'm.yaml', `--digest=${hex}`]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/8 to 64 hex digits/);
  });
});

describe('a plan file', () => {
  test('edited by one byte, wherever, is refused; written without spaces it is the same plan', async () => {
    const { dir, text } = await planned();
    const original = JSON.stringify(JSON.parse(text));
    const bytes = Buffer.from(text);
    for (let i = 0; i < bytes.length; i++) {
      if (/\s/.test(String.fromCharCode(bytes[i]!))) continue;
      const edited = Buffer.from(bytes);
      edited[i] = bytes[i] === 0x31 ? 0x32 : 0x31;
      await writeFile(join(dir, 'edited.json'), edited);
      const { code, stderr } = await cli(dir, ['diff', 'edited.json', 'plan.json']);
      expect([code, i], stderr).toEqual([1, i]);
      expect(stderr).toMatch(/plan-damaged|plan-version|no-plan/);
    }
    await writeFile(join(dir, 'edited.json'), original);
    expect((await cli(dir, ['apply', 'edited.json'])).code).toBe(0);
  }, 300_000);

  test('of a newer version is refused with what to do', async () => {
    const { dir, text } = await planned();
    await writeFile(join(dir, 'newer.json'), text.replace('"converge_plan": 1', '"converge_plan": 2'));
    const { code, stderr } = await cli(dir, ['apply', 'newer.json']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/plan of version 2, and this converge reads version 1/);
  });
});

describe('diff', () => {
  test('says what differs, by exit code when asked to', async () => {
    const { dir } = await planned();
    await writeFile(join(dir, 'm.yaml'), manifest('0600'));
    expect((await cli(dir, ['plan', 'm.yaml', '-o', 'b.json'])).code).toBe(0);
    const files = ['diff', 'plan.json', 'b.json'];
    const text = await cli(dir, [...files, '--detailed-exitcodes']);
    expect(text.code).toBe(2);
    expect(text.stdout).toContain('declared  mode  0644 -> 0600');
    expect((await cli(dir, files)).code).toBe(0);
    expect((await cli(dir, ['diff', 'b.json', 'b.json', '--detailed-exitcodes'])).code).toBe(0);
    const json = await cli(dir, [...files, '--format', 'json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      version: 1,
      changed: [{ address: 'file:srv/motd', declared: [{ path: '/mode', before: '0644', after: '0600' }] }],
    });
  });

  test.each(['m.yaml', 'missing.json', '.'])('needs plans: %s is none', async file => {
    const { dir } = await planned();
    const { code, stderr } = await cli(dir, ['diff', file, 'plan.json']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/no-plan/);
  });
});
