import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { BundleParts } from '../../src/bundle/beanstalk.ts';
import { scratch } from '../support/cli.ts';
import { bundled, template } from './support.ts';

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.error('SKIPPED: the hooks for Linux give files to root, and these tests are not root');

/** The instance is a folder: every absolute path of the scripts is below it. */
let instance: string;
const at = (path: string) => join(instance, path);
const staging = () => at('var/app/staging');

/** Puts a source bundle into the staging folder, as the application's user might have left it. */
function stage(change: Partial<BundleParts> = {}): void {
  rmSync(staging(), { recursive: true, force: true });
  const moved = template('beanstalk-linux').map(({ path, bytes }) => ({
    path,
    bytes: Buffer.from(
      Buffer.from(bytes)
        .toString('utf8')
        .replace(/\/(opt\/converge|etc\/converge|etc\/systemd\/system)/g, `${instance}/$1`),
    ),
  }));
  const node = Buffer.from(
    `#!/bin/sh\necho "$*" >> ${instance}/ran\nenv >> ${instance}/environment\necho said\nexit $(cat ${instance}/exit 2>/dev/null || echo 0)\n`,
  );
  for (const { path, bytes } of bundled('beanstalk-linux', { template: moved, node, ...change })) {
    const file = join(staging(), path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
    if (/\.sh$|\/node$/.test(path)) chmodSync(file, 0o777);
  }
}

function hook(path: string, env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(join(staging(), '.platform', path), {
    cwd: staging(),
    env: { PATH: `${at('stubs')}:/usr/sbin:/usr/bin:/sbin:/bin`, ...env },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}
const place = () => hook('hooks/prebuild/10_converge_place.sh');
const deployed = (env?: Record<string, string>) => hook('hooks/postdeploy/90_converge.sh', env);
const versions = () => readdirSync(at('opt/converge'));
const read = (path: string) => readFileSync(at(path), 'utf8');

describe.skipIf(!isRoot)('on an instance with Linux', () => {
  beforeEach(async () => {
    instance = await scratch();
    // Not the folder's own rights but those that the scripts give are to count.
    chmodSync(instance, 0o755);
    for (const dir of ['stubs', 'opt', 'etc/systemd/system']) mkdirSync(at(dir), { recursive: true });
    writeFileSync(at('stubs/systemctl'), `#!/bin/sh\necho "$*" >> ${instance}/systemctl\n`, { mode: 0o755 });
    stage();
  });

  test('a deployment puts everything in place, starts the agent and converges', () => {
    expect(place()).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(existsSync(at('ran'))).toBe(false);
    expect(deployed()).toEqual({ status: 0, stdout: 'said\n', stderr: '' });
    expect(read('ran')).toMatch(
      /^--max-semi-space-size=2 \S+\/opt\/converge\/[0-9a-f]{16}\/converge\.cjs apply --self s3:\/\/cust-data\/web\/ --lock-timeout 10m\n$/,
    );
    expect(read('systemctl')).toBe('daemon-reload\nenable --quiet --now converge-agent.timer\n');
    expect(readdirSync(at('etc/converge/trust'))).toEqual(['0123456789abcdef.pub']);
    const [id] = versions();
    for (const name of ['', 'node', 'converge.cjs', 'run.sh', 'modules/iis_website/module.yaml']) {
      const { uid, mode } = statSync(at(`opt/converge/${id}/${name}`));
      expect([name, uid, mode & 0o022]).toEqual([name, 0, 0]);
    }
  });

  test('the unit of the agent runs what was put in place', () => {
    place();
    deployed();
    const [, program, argument] = /^ExecStart=(\S+) (\S+)$/m.exec(
      read('etc/systemd/system/converge-agent.service'),
    )!;
    expect(spawnSync(program!, [argument!]).status).toBe(0);
    expect(read('ran')).toMatch(/converge\.cjs agent --self s3:\/\/cust-data\/web\/ --once\n$/);
    expect(read('etc/systemd/system/converge-agent.timer')).toContain('OnUnitInactiveSec=5min\n');
  });

  test("the application's environment doesn't reach converge", () => {
    place();
    deployed({ NODE_OPTIONS: '--require ./evil.js', DATABASE_PASSWORD: 'hunter2' });
    expect(read('environment')).toMatch(/^HOME=\/root$/m);
    expect(read('environment')).not.toMatch(/NODE_OPTIONS|DATABASE_PASSWORD/);
  });

  test('a run that fails fails the deployment, says why, and leaves the agent on', () => {
    place();
    writeFileSync(at('exit'), '4');
    const { status, stderr } = deployed();
    expect(status).toBe(4);
    expect(stderr).toMatch(/^converge failed with exit code 4, see \S+\n$/);
    expect(read('systemctl')).toContain('enable --quiet --now converge-agent.timer');
  });

  test('a second deployment of the same changes nothing, one of another version replaces it', () => {
    place();
    deployed();
    const [first] = versions();
    const before = statSync(at(`opt/converge/${first}`)).ctimeMs;
    expect(place().status).toBe(0);
    expect(statSync(at(`opt/converge/${first}`)).ctimeMs).toBe(before);
    stage({
      program: Buffer.from('newer\n'),
      trust: [{ path: 'fedcba9876543210.pub', bytes: Buffer.from('k') }],
    });
    expect(place().status).toBe(0);
    // Until the new one has converged, the old one stays: its agent may be running.
    expect(versions()).toHaveLength(2);
    expect(deployed().status).toBe(0);
    expect(versions()).toHaveLength(1);
    expect(versions()).not.toEqual([first]);
    expect(readdirSync(at('etc/converge/trust'))).toEqual(['fedcba9876543210.pub']);
  });

  test('a file that is not as it was bundled is never put in place', () => {
    writeFileSync(join(staging(), '.platform/converge/agent/converge.cjs'), 'another program\n');
    expect(place().status).not.toBe(0);
    expect(versions().filter(name => !name.endsWith('.new'))).toEqual([]);
    expect(existsSync(at('etc/converge'))).toBe(false);
    // And it doesn't stand in the way of the right one.
    stage();
    expect(place().status).toBe(0);
  });

  test.each<[string, (id: string) => void]>([
    ['changed', id => writeFileSync(at(`opt/converge/${id}/converge.cjs`), 'another\n')],
    ['writable by all', id => chmodSync(at(`opt/converge/${id}/node`), 0o777)],
    ['a link', id => symlinkSync('/bin/sh', at(`opt/converge/${id}/sh`))],
    ['in a folder that others can write', () => chmodSync(at('opt/converge'), 0o777)],
  ])('what is %s there stops the next deployment', (_, spoil) => {
    place();
    spoil(versions()[0]!);
    const { status, stderr } = place();
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/is a link, is not root's, or can be written by others|converge\.cjs: FAILED/);
  });

  test('what the sums name is below the folder, and nothing else is copied', () => {
    const stranger = join(staging(), '.platform/converge/agent/stranger.so');
    writeFileSync(stranger, createHash('sha256').digest());
    expect(place().status).toBe(0);
    expect(existsSync(at(`opt/converge/${versions()[0]}/stranger.so`))).toBe(false);
  });

  test('after the configuration of the environment was changed, it converges as after a deployment', () => {
    place();
    expect(hook('confighooks/postdeploy/90_converge.sh')).toMatchObject({ status: 0, stderr: '' });
    expect(read('ran')).toContain('apply --self');
  });
});
