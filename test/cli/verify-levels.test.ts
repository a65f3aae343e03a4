import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

const manifest = `converge: 1
targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: svc-converge, password: "\${secret('env:VC_PASSWORD')}" }
resources:
  protected_vm:
    dc02: { repository: "file:///repo", schedule: every day }
`;

test('a verification says how deep it looked, and what a sample that makes no sense should be', async () => {
  const dir = await scratch();
  await writeFile(join(dir, 'converge.yaml'), manifest);
  const run = (command: string, ...more: string[]) =>
    cli(dir, [command, 'converge.yaml', '--lab', 'lab', ...more], { env: { VC_PASSWORD: 'x' } });
  expect((await run('apply')).code).toBe(0);
  const chain = await run('verify', '--level', 'chain');
  expect(chain.code, chain.stderr).toBe(0);
  expect(chain.stdout).toContain('1 of 1 recovery point without a finding');
  expect(chain.stdout).toMatch(
    /level chain: none of \d+ packs?, .* looked at; of what points need, read within 30 days: 0 %/,
  );
  const sample = await run('verify', '--sample', '100%', '--format', 'json');
  expect(sample.code, sample.stderr).toBe(0);
  const { level, packs } = JSON.parse(sample.stdout);
  expect(level).toBe('sample');
  expect(packs.there).toBeGreaterThan(0);
  expect(packs).toMatchObject({ read: packs.there, bytes_read: packs.bytes });
  expect((await run('verify', '--level', 'presence')).stdout).toContain('read within 30 days: 100 %');
  for (const [words, said] of [
    [['--sample', '5'], '--sample 5: expected a share or a number of bytes, as in 5% or 10GiB'],
    [['--sample', '200%'], '--sample 200%: expected a share of up to 100%'],
    [['--sample', '5%', '--level', 'full'], '--sample 5%: --level full reads no sample'],
  ] as const) {
    const refused = await run('verify', ...words);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(said)]);
  }
});
