import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

const many = Array.from({ length: 200 }, (_, i) => `vm${i}`);
const manifest = (dir: string, targets: string) => `converge: 1
targets:
${targets}
resources:
  protected_vm:
${many.map(name => `    ${name}: { repository: 'file://${dir}/repo', schedule: every 15 minutes }`).join('\n')}
  raw_image:
${many.map(name => `    ${dir}/${name}.raw: { vm: ${name}, repository: 'file://${dir}/repo' }`).join('\n')}
`;
const vcenter = (name: string) =>
  `  ${name}: { type: vsphere, url: 'https://127.0.0.1:9', username: u, password: "\${secret('env:P')}" }`;
const lines = (text: string) => text.trimEnd().split('\n').length;

test('B17: 200 VMs whose vCenter is down are one cause, in plan, apply and the lines of progress', async () => {
  const dir = await scratch();
  await writeFile(join(dir, 'm.yaml'), manifest(dir, vcenter('home')));
  const options = { env: { P: 'secret' } };
  const planned = await cli(dir, ['plan', 'm.yaml'], options);
  expect(planned.code).toBe(4);
  expect(planned.stdout).toContain('! failed  200 resources: protected_vm:vm0, protected_vm:vm1, ');
  expect(planned.stdout).toContain('and 197 more');
  expect(planned.stdout.match(/cannot be reached/g)).toHaveLength(1);
  expect(lines(planned.stdout)).toBeLessThan(8);
  const markdown = await cli(dir, ['plan', 'm.yaml', '--format', 'markdown'], options);
  expect(markdown.stdout).toMatch(/`! failed 200 resources`/);
  expect(lines(markdown.stdout)).toBeLessThan(14);
  const applied = await cli(dir, ['apply', 'm.yaml'], options);
  expect(applied.code).toBe(4);
  expect(applied.stderr).toContain('197 more FAILED for the same reason\n');
  expect(applied.stderr).toContain('197 more skipped like these\n');
  expect(applied.stderr).toMatch(/error\[vsphere-unreachable\].*\(200 resources\)/);
  expect(lines(applied.stdout + applied.stderr)).toBeLessThan(30);
});

test('B17: one mistake of 200 resources is one error of validate', async () => {
  const dir = await scratch();
  await writeFile(join(dir, 'm.yaml'), manifest(dir, `${vcenter('home')}\n${vcenter('away')}`));
  const { code, stderr } = await cli(dir, ['validate', 'm.yaml']);
  expect(code).toBe(1);
  expect(stderr).toContain('(200 resources)');
  expect(lines(stderr)).toBeLessThan(10);
});
