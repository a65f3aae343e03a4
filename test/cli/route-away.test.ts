import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';
import { httpsReceiver } from '../support/https-receiver.ts';

test('a route whose repository is not there tells once over many runs, and everybody who looks says so', async () => {
  const dir = await scratch();
  const { url, ca, got } = await httpsReceiver();
  await writeFile(
    join(dir, 'm.yaml'),
    `converge: 1
targets: { home: { type: vsphere, url: https://vc.example.com, username: u, password: "\${secret('env:VC')}" } }
resources:
  protected_vm:
    gone01: { repository: file:///dr, schedule: every 15 minutes }
    dc02: { repository: file:///dr, schedule: every 15 minutes }
  alert_route:
    ops:
      repository: file:///board
      webhook: { shape: json, url: "${url}", private: true, ca: ${JSON.stringify(ca)} }
`,
  );
  const converge = (...args: string[]) => cli(dir, [...args, '--lab', 'lab'], { env: { VC: 'x' } });
  const told = () => got.splice(0).map(body => (body as { event: string; rule: string }).rule);
  const first = await converge('agent', 'm.yaml', '--once');
  expect(first.stderr).toContain(
    'warning[repository-not-found]: alert_route:ops: there is no repository in file:///board',
  );
  const rules: string[] = [];
  for (let n = 0; n < 3; n++) {
    rules.push(...told());
    await converge('agent', 'm.yaml', '--once');
  }
  expect([...rules, ...told()]).toEqual(['never']);
  const doctor = await converge('doctor', 'm.yaml');
  expect(doctor.stdout).toContain('allowed; `converge apply` makes the repository');

  // As soon as it is there it knows what was told.
  await converge('apply', 'm.yaml');
  const after = await converge('agent', 'm.yaml', '--once');
  expect(after.stderr).not.toContain('file:///board');
  expect(told()).toEqual([]);
  expect((await converge('doctor', 'm.yaml')).stdout).not.toContain('makes the repository');
});
