import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

const site = (resources: string, more = '') => `converge: 1
targets:
  dr: { type: aws, region: eu-west-1 }
${more}
resources:
${resources}`;

async function folder(resources: string, more = '') {
  const dir = await scratch();
  const write = (resources: string, more = '') => writeFile(join(dir, 'm.yaml'), site(resources, more));
  await write(resources, more);
  const run = (command: string, ...args: string[]) =>
    cli(dir, [command, 'm.yaml', ...args, '--lab', join(dir, 'lab')]);
  return { dir, write, run };
}

const bucket = (versioning: boolean) => `  bucket: { dr-bucket: { versioning: ${versioning} } }\n`;

describe('weakening what protects', () => {
  test('is shown, blocked with 8, and done when it is allowed', async () => {
    const { write, run, dir } = await folder(bucket(true));
    expect((await run('apply')).code).toBe(0);
    await write(bucket(false));

    const plan = await run('plan', '-o', join(dir, 'plan.json'), '--detailed-exitcodes');
    expect(plan.code, plan.stderr).toBe(10);
    expect(plan.stdout).toMatch(/versioning {2}true -> false {2}\(weakens\)/);
    expect(plan.stdout).toMatch(/1 to update.*; 1 weakening protection/);
    expect(plan.stderr).toMatch(/error\[weakens-protection\][\s\S]*--allow bucket:dr-bucket/);
    expect((await run('plan', '--allow', 'bucket:dr-bucket')).code).toBe(0);

    const refused = await run('apply');
    expect(refused.code).toBe(8);
    expect(refused.stderr).toMatch(/bucket:dr-bucket: BLOCKED/);
    expect((await run('apply', '--noop')).code).toBe(8);
    const file = ['apply', 'plan.json', '--lab', join(dir, 'lab')];
    expect((await cli(dir, file)).code).toBe(8);

    const allowed = await run('apply', '--allow', 'bucket:dr-bucket', '--detailed-exitcodes');
    expect(allowed.code, allowed.stderr).toBe(2);
    expect((await run('plan', '--detailed-exitcodes')).code).toBe(0);
  });

  test('--allow of nothing is a mistake', async () => {
    const { run } = await folder(bucket(true));
    for (const command of ['plan', 'apply']) {
      const { code, stderr } = await run(command, '--allow', 'bucket:dr-bukcet');
      expect(code).toBe(1);
      expect(stderr).toMatch(/did you mean `bucket:dr-bucket`\?/);
    }
  });
});

test('a protected file is not deleted, its siblings are', async () => {
  const files = (ensure: string) =>
    `  file: { /srv/a: { protect: true${ensure} }, /srv/b: {${ensure.slice(1)} } }\n`;
  const { write, run, dir } = await folder(files(''));
  expect((await run('apply')).code).toBe(0);
  await write(files(', ensure: absent'));
  const { code, stderr } = await run('apply');
  expect(code).toBe(8);
  expect(stderr).toMatch(/`file:\/srv\/a` is not deleted: it is declared `protect: true`/);
  expect((await stat(join(dir, 'lab/host/srv/a'))).isFile()).toBe(true);
  await expect(stat(join(dir, 'lab/host/srv/b'))).rejects.toMatchObject({ code: 'ENOENT' });
  expect((await run('apply', '--allow', 'file:/srv/a')).code).toBe(0);
});

test('over the budget nothing is done, with the manifest or its plan file', async () => {
  const { run, dir, write } = await folder(
    '  file: { /srv/a: {}, /srv/b: {} }\n',
    'policy: { max_changes: 1 }',
  );
  const plan = await run('plan', '-o', join(dir, 'plan.json'));
  expect(plan.code).toBe(8);
  expect(plan.stdout).toMatch(/2 to create/);
  expect(plan.stderr).toMatch(/2 changes, and `policy: \{ max_changes: 1 \}` allows 1/);
  expect((await run('apply')).code).toBe(8);
  // The plan carries its budget: the manifest may be gone.
  await write('  file: {}\n');
  expect((await cli(dir, ['apply', 'plan.json', '--lab', join(dir, 'lab')])).code).toBe(8);
  await expect(stat(join(dir, 'lab/host/srv/a'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('in a closed window a change is held, and done when it opens', async () => {
  const { run, dir } = await folder('');
  const hour = new Date().getUTCHours();
  const at = (hours: number) => `${String((hour + hours) % 24).padStart(2, '0')}:00`;
  const window = `window: { from: '${at(3)}', to: '${at(5)}' }`;
  await writeFile(
    join(dir, 'm.yaml'),
    site(
      `  file: { /srv/a: { ${window} }, /srv/a/b: {}, /srv/c: {} }\n`.replace(
        '{ window',
        '{ kind: directory, window',
      ),
    ),
  );
  const plan = await run('plan');
  expect(plan.code, plan.stderr).toBe(0);
  expect(plan.stdout).toMatch(/file:\/srv\/a .*\n {6}\(held until \d{4}-\d\d-\d\dT\d\d:00:00Z\)/);
  expect(plan.stdout).toMatch(/file:\/srv\/a\/b .*\n {6}\(held until .*, with file:\/srv\/a\)/);
  const held = await run('apply', '--detailed-exitcodes');
  expect(held.code, held.stderr).toBe(2);
  expect(held.stderr).toMatch(/file:\/srv\/a: held, until \d{4}/);
  await expect(stat(join(dir, 'lab/host/srv/a'))).rejects.toMatchObject({ code: 'ENOENT' });
  expect((await stat(join(dir, 'lab/host/srv/c'))).isFile()).toBe(true);

  expect((await cli(dir, ['lab', 'clock', '3h30m', '--lab', join(dir, 'lab')])).code).toBe(0);
  const done = await run('apply', '--detailed-exitcodes');
  expect(done.code, done.stderr).toBe(2);
  expect(await readFile(join(dir, 'lab/host/srv/a/b'), 'utf8')).toBe('');
  expect((await run('plan', '--detailed-exitcodes')).code).toBe(0);
});
