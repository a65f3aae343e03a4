import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import type { Clock } from '../../src/io/ports.ts';
import { digestOf } from '../../src/recovery/guest/manifests.ts';
import { orderText } from '../../src/recovery/guest/order.ts';
import { reportIn } from '../../src/recovery/guest/report.ts';
import { cli, scratch } from '../support/cli.ts';

const { clock: real } = nodeHost();
/** A report is written more than once, seconds apart; deadlines are longer, and still what they are. */
const clock: Clock = {
  now: real.now,
  sleep: async (ms, signal) => (ms > 60_000 ? real.sleep(ms, signal) : signal?.throwIfAborted()),
};
const nonce = '0123456789abcdef'.repeat(2);

/** A machine whose disk holds manifests, and the instance that it is of. */
async function guest(manifest: string) {
  const dir = await scratch();
  const lab = ['--lab', join(dir, 'lab')];
  await mkdir(join(dir, 'post'));
  await writeFile(join(dir, 'post/web.yaml'), manifest);
  await writeFile(join(dir, 'ttyS0'), 'GRUB\r\n');
  const digest = digestOf(new Map([['web.yaml', Buffer.from(manifest)]]));
  const tagged = async (value: string | undefined) => {
    const tag = value === undefined ? 'Name=x' : `converge:post-launch=${value}`;
    expect((await cli(dir, ['lab', 'instance', '--tag', tag, ...lab])).code).toBe(0);
  };
  const run = (env: Record<string, string> = {}) =>
    cli(dir, ['post-launch', 'post', '--console', join(dir, 'ttyS0'), '--wait', '0s', ...lab], {
      env,
      clock,
    });
  const console = () => readFile(join(dir, 'ttyS0'), 'latin1');
  const said = async () => reportIn(await console(), nonce);
  const order = (mode: 'apply' | 'plan', of = digest) => orderText({ mode, digest: of, nonce });
  return { dir, lab, digest, tagged, run, console, said, order };
}

const hello = 'converge: 1\nresources: { file: { /srv/hello: { content: hello } } }\n';

test('told so by a tag it converges and says so; started again it has nothing to change', async () => {
  const { dir, tagged, run, said, order, digest } = await guest(hello);
  await tagged(order('apply'));
  const { code, stderr } = await run();
  expect([code, stderr]).toEqual([0, expect.stringContaining('post-launch: converged')]);
  expect(await readFile(join(dir, 'lab/host/srv/hello'), 'utf8')).toBe('hello');
  expect(await said()).toEqual({ state: 'converged', digest, changes: 1, failures: [] });
  expect((await run()).code).toBe(0);
  expect(await said()).toEqual({ state: 'converged', digest, changes: 0, failures: [] });
});

test('asked for a plan it changes nothing', async () => {
  const { dir, tagged, run, said, order, digest } = await guest(hello);
  await tagged(order('plan'));
  expect((await run()).code).toBe(0);
  expect(await said()).toEqual({ state: 'planned', digest, changes: 1, failures: [] });
  await expect(readFile(join(dir, 'lab/host/srv/hello'))).rejects.toThrow('ENOENT');
});

test('no such tag, no tags in the metadata, no metadata: nothing is done, and nothing said', async () => {
  const { dir, lab, tagged, run, console } = await guest(hello);
  await tagged(undefined);
  expect(await run()).toMatchObject({ code: 0, stderr: expect.stringContaining('no failover launched') });
  for (const off of ['--metadata-tags', '--metadata']) {
    expect((await cli(dir, ['lab', 'instance', off, 'off', ...lab])).code).toBe(0);
    expect((await run()).code).toBe(0);
  }
  expect(await console()).toBe('GRUB\r\n');
});

test('a tag that is not an order is an error', async () => {
  const { tagged, run } = await guest(hello);
  await tagged('rm -rf');
  expect(await run()).toMatchObject({ code: 4, stderr: expect.stringContaining('error[post-launch-order]') });
});

test('manifests of another version are not applied', async () => {
  const { dir, tagged, run, said, order, digest } = await guest(hello);
  await tagged(order('apply', 'f'.repeat(64)));
  expect((await run()).code).toBe(4);
  expect(await said()).toEqual({ state: 'other-manifests', digest, changes: 0, failures: [] });
  await expect(readFile(join(dir, 'lab/host/srv/hello'))).rejects.toThrow('ENOENT');
});

test('manifests that are broken, or that can not be carried out, say which', async () => {
  const broken = await guest('converge: 1\nresources: { file: { /srv/a: { contnet: x } } }\n');
  await broken.tagged(broken.order('apply'));
  expect((await broken.run()).code).not.toBe(0);
  expect(await broken.said()).toMatchObject({
    state: 'failed',
    failures: [expect.stringMatching(/contnet/)],
  });
  const stuck = await guest('converge: 1\nresources: { file: { /no/such/folder/a: { content: x } } }\n');
  await stuck.tagged(stuck.order('apply'));
  expect((await stuck.run()).code).toBe(4);
  expect(await stuck.said()).toMatchObject({
    state: 'failed',
    failures: [expect.stringMatching(/^file:\/no\/such\/folder\/a: /)],
  });
});

test('a secret that a failure names is not on the console', async () => {
  const { dir, tagged, run, console, said, order } = await guest(`converge: 1
resources:
  exec:
    say:
      command: [ /bin/sh, '-c', 'echo $PW >&2; exit 1' ]
      creates: /srv/never
      env: { PW: "\${secret('file:pw')}" }
`);
  await tagged(order('apply'));
  await writeFile(join(dir, 'pw'), 'correct-horse-battery');
  expect((await run()).code).toBe(4);
  expect(await said()).toMatchObject({ state: 'failed' });
  expect((await said())!.failures.join()).toMatch(/^exec:say: .* exit code 1: \*\*\*$/);
  expect(await console()).not.toContain('horse');
});

test('a console that is not there is an error, and nothing was applied', async () => {
  const { dir, lab, tagged, order } = await guest(hello);
  await tagged(order('apply'));
  const missing = join(dir, 'ttyS9');
  const args = ['post-launch', 'post', '--console', missing, '--wait', '0s', ...lab];
  const { code, stderr } = await cli(dir, args, { clock });
  expect([code, stderr]).toEqual([4, expect.stringContaining(missing)]);
  await expect(readFile(join(dir, 'lab/host/srv/hello'))).rejects.toThrow('ENOENT');
});
