import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';
import { firstPfx, pfxPassword } from '../support/pfx.ts';

const code = '{11111111-2222-3333-4444-555555555555}';
const manifest = `converge: 1
requires: { os: windows }
resources:
  acl:
    C:\\web\\uploads:
      permissions:
        - { identity: IIS AppPool\\Shop, rights: modify }
        - { identity: VORDEFINIERT\\Administratoren, rights: full }
      inherit: false
  firewall_rule:
    Web: { action: allow, protocol: tcp, local_port: [80, 443], remote_address: 10.0.0.0/8, profile: [private] }
    RDP: { action: allow, protocol: tcp, local_port: 3389, remote_address: LocalSubnet }
  package:
    Agent: { product_code: '${code}', source: C:\\setup\\agent.msi, version: 1.2.3, properties: { DIR: C:\\a b } }
  certificate:
    www: { source: C:\\setup\\web.pfx, password: "\${secret('env:PFX_PASSWORD')}", store: WebHosting }
  certificate_binding:
    www.example.com:443: { certificate: www, store: WebHosting }
  file:
    C:\\web: { kind: directory }
    C:\\web\\uploads: { kind: directory }
    C:\\setup: { kind: directory }
    C:\\setup\\agent.msi: { source: agent.msi }
    C:\\setup\\web.pfx: { source: web.pfx }
`;

async function folder(text = manifest) {
  const dir = await scratch();
  await writeFile(join(dir, 'm.yaml'), text);
  await writeFile(join(dir, 'web.pfx'), firstPfx);
  const agent = {
    converge_lab_msi: 1,
    product_code: code,
    name: 'Agent',
    version: '1.2.3',
    manufacturer: 'x',
  };
  await writeFile(join(dir, 'agent.msi'), JSON.stringify(agent));
  return (...args: string[]) => cli(dir, [...args, '--lab', 'lab'], { env: { PFX_PASSWORD: pfxPassword } });
}

test.each(['en', 'de'])('access, packages and certificates converge and stay so: %s', async language => {
  const run = await folder();
  await run('lab', 'windows', '--language', language);
  const first = await run('apply', 'm.yaml');
  expect(first.code, first.stderr).toBe(0);
  expect(first.stdout).toContain('a second plan is empty');
  await run('lab', 'processes', '--clear');
  const again = await run('apply', 'm.yaml');
  expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('Nothing to do')]);
  const { stdout } = await run('lab', 'processes', '--format', 'json');
  const { processes } = JSON.parse(stdout) as { processes: { program: string; changed: boolean }[] };
  // One for each type.
  expect(processes.map(({ changed }) => changed)).toEqual([false, false, false, false, false]);
});

test('a secret among the properties of a package is refused, with its place', async () => {
  const run = await folder(manifest.replace('DIR: C:\\a b', 'KEY: "${secret(\'env:PFX_PASSWORD\')}"'));
  const { code, stderr } = await run('validate', 'm.yaml');
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/secret-not-allowed[\s\S]*m\.yaml:14:[\s\S]*hint: others see what is here/),
  ]);
});
