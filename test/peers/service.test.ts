import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemdUnit } from '../../src/operation/service/unit.ts';
import { scratch } from '../support/cli.ts';
import { describeWith } from './s3-programs.ts';

describeWith('the unit of the agent', 'systemd-analyze', ['--version'], () => {
  test('systemd takes it without a word, and exposes little; a misspelt one, and one without its hardening, are seen', async () => {
    const dir = await scratch();
    await mkdir(join(dir, 'dr'));
    const file = join(dir, 'converge-agent.service');
    const unit = systemdUnit({
      ...{ kind: 'agent', args: ['--slots', '8', '--name', 'a "b" 100% $HOME'] },
      program: [process.execPath, '/opt/converge/converge.js'],
      manifests: [join(dir, 'a "b" 100% $HOME')],
      credentials: [{ name: 'vcenter', file: '/etc/converge/vcenter' }],
      writes: [join(dir, 'dr')],
    });
    const analyze = async (text: string, ...args: string[]) => {
      await writeFile(file, text);
      const { stdout, stderr } = spawnSync('systemd-analyze', [...args, file], { encoding: 'utf8' });
      return `${stdout}${stderr}`;
    };
    // What is said of the machine's other units isn't about this one.
    const own = (said: string) => said.split('\n').filter(line => line.includes('converge-agent'));
    expect(own(await analyze(unit, 'verify', '--man=no'))).toEqual([]);
    expect(own(await analyze(unit.replace('UMask=', 'UMasc='), 'verify', '--man=no'))).not.toEqual([]);
    const exposure = async (text: string) =>
      Number(
        /exposure level[^:]*: ([\d.]+)/.exec(
          await analyze(text, 'security', '--offline=yes', '--no-pager'),
        )?.[1],
      );
    expect(await exposure(unit)).toBeLessThanOrEqual(1.5);
    expect(await exposure(unit.replace(/^(Private|Protect|Restrict|System).*\n/gm, ''))).toBeGreaterThan(1.5);
  });
});
