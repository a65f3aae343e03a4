import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';
import { httpsReceiver } from '../support/https-receiver.ts';

/** A lab with a VM, a repository in a folder, and somebody who hears signs of life. */
async function site() {
  const dir = await scratch();
  const { url, ca, got } = await httpsReceiver();
  await writeFile(
    join(dir, 'm.yaml'),
    `converge: 1
targets: { home: { type: vsphere, url: https://vc.example.com, username: u, password: "\${secret('env:VC')}" } }
resources:
  protected_vm:
    dc02: { repository: file:///dr, schedule: every 15 minutes }
  alert_route:
    alive: { repository: file:///dr, heartbeat: { url: "${url}", private: true, ca: ${JSON.stringify(ca)} } }
`,
  );
  const converge = (...args: string[]) => cli(dir, [...args, '--lab', 'lab'], { env: { VC: 'x' } });
  const at = (name: string) => join(dir, 'lab/host', name);
  return {
    ...{ converge, at },
    json: async (...args: string[]) => {
      const { code, stdout, stderr } = await converge(...args, '--format', 'json');
      return { code, stderr, said: JSON.parse(stdout) as Record<string, unknown> };
    },
    beats: () => got.splice(0).length,
  };
}

const gone = expect.stringContaining("which earlier runs from here know, isn't there any more");

test('a repository that was there and is gone is an error for everybody who looks, and no sign of life', async () => {
  const { converge, json, at, beats } = await site();
  expect(await json('doctor', 'm.yaml')).toMatchObject({ code: 0 });
  expect(await json('status', 'm.yaml')).toMatchObject({
    code: 16,
    stderr: expect.not.stringContaining('error'),
  });
  expect(await converge('agent', 'm.yaml', '--once')).toMatchObject({ code: 0 });
  expect(beats()).toBe(1);

  await rename(at('dr'), at('away'));
  const doctor = await json('doctor', 'm.yaml');
  expect(doctor.code).toBe(4);
  expect(doctor.said.findings).toContainEqual(
    expect.objectContaining({
      ...{ of: 'file:///dr', what: 'read', verdict: 'problem', why: gone },
      way_out: expect.stringContaining('mount it'),
    }),
  );
  expect(JSON.stringify(doctor.said)).not.toContain('the first cycle makes');
  const status = await json('status', 'm.yaml');
  expect(status).toMatchObject({ code: 20, stderr: expect.stringContaining('error[points-lost]') });
  expect(status.said.vms).toMatchObject([{ state: 'never', reason: 'no-repository' }]);
  const report = await json('report', 'm.yaml');
  expect(report).toMatchObject({ code: 4, stderr: expect.stringContaining('error[points-lost]') });
  expect(report.said.unseen).toEqual([gone]);
  for (const args of [['history'], ['pause', 'dc02', '--until', '2h'], ['points']]) {
    const { code, stderr } = await converge(...args, 'm.yaml');
    expect([code, stderr]).toEqual([4, gone]);
    expect(stderr).not.toContain('the first replication makes');
  }
  expect(await converge('agent', 'm.yaml', '--once')).toMatchObject({ code: 8 });
  expect(beats()).toBe(0);

  await rename(at('away'), at('dr'));
  expect(await json('doctor', 'm.yaml')).toMatchObject({ code: 0 });
  expect(await converge('agent', 'm.yaml', '--once')).toMatchObject({ code: 0 });
  expect(beats()).toBe(1);
});

test('another repository in the place of the one that is known is an error as well', async () => {
  const { converge, json, at, beats } = await site();
  await converge('agent', 'm.yaml', '--once');
  await rename(at('dr'), at('away'));
  await converge('agent', 'm.yaml', '--once', '--state', 'elsewhere');
  beats();
  const other = expect.stringContaining('there is another repository');
  const doctor = await json('doctor', 'm.yaml');
  expect(doctor.code).toBe(4);
  expect(doctor.said.findings).toContainEqual(expect.objectContaining({ verdict: 'problem', why: other }));
  expect(await json('status', 'm.yaml')).toMatchObject({ stderr: other });
  expect((await json('report', 'm.yaml')).said.unseen).toEqual([other]);
  await converge('lab', 'clock', '1h');
  expect(await converge('agent', 'm.yaml', '--once')).toMatchObject({ code: 8 });
  expect(beats()).toBe(0);
});
