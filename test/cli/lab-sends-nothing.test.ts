import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';
import { httpsReceiver } from '../support/https-receiver.ts';

test('a lab tells receivers on this machine alone, and that others were not told is no failure', async () => {
  const dir = await scratch();
  const { url, ca, got } = await httpsReceiver();
  const near = `private: true, ca: ${JSON.stringify(ca)}`;
  const routes = {
    near: `webhook: { shape: json, url: "${url}", ${near} }`,
    hook: 'webhook: { shape: slack, url: "https://hooks.invalid/services/secret" }',
    pager: 'webhook: { shape: pagerduty, key: "${secret(\'env:KEY\')}" }',
    net: 'webhook: { shape: json, url: "https://192.168.255.254:9/", private: true }',
    mail: 'smtp: { host: mail.invalid, from: c@example.com, to: [ops@example.com] }',
    beat: 'heartbeat: { url: "https://alive.invalid/secret" }',
    alive: `heartbeat: { url: "${url.replace('127.0.0.1', 'localhost')}", ${near} }`,
  };
  await writeFile(
    join(dir, 'm.yaml'),
    `converge: 1
targets: { home: { type: vsphere, url: https://vc.example.com, username: u, password: "\${secret('env:VC')}" } }
resources:
  protected_vm:
    gone01: { repository: file:///dr, schedule: every 15 minutes }
    dc02: { repository: file:///dr, schedule: every 15 minutes }
  alert_route:
${Object.entries(routes)
  .map(([title, how]) => `    ${title}: { repository: file:///dr, ${how} }\n`)
  .join('')}`,
  );
  const env = { VC: 'x', KEY: 'a'.repeat(32) };
  const converge = (...args: string[]) => cli(dir, [...args, '--lab', 'lab'], { env });
  for (const [title, host] of [
    ['hook', 'hooks.invalid'],
    ['pager', 'events.pagerduty.com'],
    ['net', '192.168.255.254:9'],
    ['mail', 'mail.invalid'],
    ['beat', 'alive.invalid'],
  ] as const) {
    const { code, stdout, stderr } = await converge('alert', 'test', title, 'm.yaml');
    expect([code, stdout], stderr).toEqual([0, `${title}: 0 messages delivered\n`]);
    expect(stderr).toContain(
      `warning[alert-kept-in-lab]: alert_route:${title}: not sent: the lab sends nothing to ${host}\n`,
    );
    expect(stderr).not.toContain('secret');
  }
  expect(got).toEqual([]);
  expect((await converge('alert', 'test', 'alive', 'm.yaml')).stdout).toBe('alive: 1 message delivered\n');

  const once = () => converge('agent', 'm.yaml', '--once');
  await once();
  got.splice(0);
  const { stderr } = await once();
  for (const host of ['hooks.invalid', 'events.pagerduty.com', 'mail.invalid', 'alive.invalid'])
    expect(stderr).toContain(`not sent: the lab sends nothing to ${host}`);
  expect(stderr).not.toContain('alert-undelivered');
  // They were told as far as a lab tells, so nothing is wrong with those routes, and nothing is tried again.
  expect((await once()).stderr).not.toContain('hooks.invalid');
  const rules = got.flatMap(body => (body as { rule?: string } | undefined)?.rule ?? []);
  expect(rules).toEqual(['never']);
  // Before anything is wrong: a route that has no secret could tell nobody.
  const nobody = await cli(dir, ['agent', 'm.yaml', '--once', '--lab', 'lab'], { env: { VC: 'x' } });
  expect(nobody.stderr).toMatch(/error\[secret-missing\]: alert_route:pager: .*KEY/);
});
