import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { type CliResult, scratch } from '../support/cli.ts';

const root = join(import.meta.dirname, '../..');

/**
 * The built converge alone, in a folder where there are no packages, and the site of docs/writing-a-type.md.
 */
async function site() {
  const dir = await scratch();
  await cp(join(root, 'dist'), join(dir, 'converge'), { recursive: true });
  const page = await readFile(join(root, 'docs/writing-a-type.md'), 'utf8');
  const block = (language: string) => new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(page)![1]!;
  await mkdir(join(dir, 'site/types'), { recursive: true });
  await writeFile(join(dir, 'site/types/setting.ts'), block('ts'));
  await writeFile(join(dir, 'site/settings.yaml'), block('yaml'));
  const converge = (...args: string[]) =>
    new Promise<CliResult>(done =>
      execFile(
        process.execPath,
        [join(dir, 'converge/converge.js'), ...args],
        { cwd: dir, env: { HOME: dir } },
        (error, stdout, stderr) =>
          done({ code: error ? (typeof error.code === 'number' ? error.code : 255) : 0, stdout, stderr }),
      ),
    );
  return { dir, converge, type: block('ts') };
}

test('the type of docs/writing-a-type.md works from the built converge, without any packages', async () => {
  const { dir, converge, type } = await site();
  expect(type.split('\n').length).toBeLessThan(60);
  expect(await converge('validate', 'site')).toEqual({
    code: 0,
    stdout: 'valid: 3 resources, 0 targets\n',
    stderr: '',
  });

  const tested = await converge('test', 'site');
  expect(tested.stderr).not.toContain('error');
  expect(tested).toMatchObject({ code: 0, stdout: '3 changes; a second plan is empty\n' });

  const applied = await converge('apply', 'site', '--lab', 'lab');
  expect(applied.code, applied.stderr).toBe(0);
  expect(applied.stdout).toContain('+ create  setting:LOG_LEVEL');
  const env = join(dir, 'lab/host/srv/app/app.env');
  expect(await readFile(env, 'utf8')).toBe('LOG_LEVEL=info\nWORKERS=4\n');

  await writeFile(env, '# mine\nLOG_LEVEL=debug\nWORKERS=4\n');
  const plan = await converge('plan', 'site', '--lab', 'lab', '-o', 'plan.json', '--detailed-exitcodes');
  expect(plan.code, plan.stderr).toBe(2);
  expect(plan.stdout).toMatch(/~ update {2}setting:LOG_LEVEL/);
  expect((await converge('apply', 'plan.json', '--lab', 'lab')).code).toBe(0);
  expect(await readFile(env, 'utf8')).toBe('# mine\nWORKERS=4\nLOG_LEVEL=info\n');
  expect((await converge('apply', 'site', '--lab', 'lab')).stdout).toContain('Nothing to do: 3 in sync');

  const explained = await converge('explain', '--type', 'setting', 'site');
  expect(explained.stdout).toContain('setting (site/types/setting.ts)');
  expect(explained.stdout).toContain('file  text, required');
  const schema = JSON.parse((await converge('schema', '--with', 'site')).stdout);
  expect(Object.keys(schema.definitions.setting.properties)).toEqual(
    expect.arrayContaining(['file', 'value', 'require', 'timeout']),
  );
  expect((await converge('schema')).stdout).not.toContain('"setting"');
}, 300_000);

test('an editor that has nothing but `schema --types` checks it, and finds mistakes', async () => {
  const { dir, converge, type } = await site();
  const declarations = await converge('schema', '--types');
  await writeFile(join(dir, 'site/types/converge.d.ts'), declarations.stdout);
  const wrong = type
    .replace('desired: ({ value })', '// @ts-expect-error\n  desired: ({ colour })')
    .replace('alsoDirties:', '// @ts-expect-error\n  dirties:');
  await writeFile(join(dir, 'site/types/wrong.ts'), wrong);
  await promisify(execFile)(
    process.execPath,
    [
      join(root, 'node_modules/typescript/bin/tsc'),
      ...'--ignoreConfig --noEmit --strict --exactOptionalPropertyTypes --target es2024 --module nodenext'.split(
        ' ',
      ),
      'site/types/setting.ts',
      'site/types/wrong.ts',
    ],
    { cwd: dir },
  ).catch(error => expect.fail(error.stdout));
}, 300_000);
