import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import { openLab } from '../../src/lab/lab.ts';
import { cli, scratch } from '../support/cli.ts';
import { fault, scriptedServer } from '../vsphere/scripted-server.ts';

/**
 * Quotes, a replacement pattern, a line break and letters beyond ASCII: what careless masking lets through.
 */
const nasty = 'pä"ss\'w$&örd\\n\n2<&>';

const forms = (secret: string) => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret),
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
];

async function texts(dir: string): Promise<string> {
  const names = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = names.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
  return (await Promise.all(files.map(file => readFile(file, 'latin1')))).join('\n');
}

test('a password with awkward characters works, and is in no output, plan, report or state', async () => {
  const dir = await scratch();
  const labDir = join(await scratch(), 'lab');
  const options = { host: nodeHost(), seeded: true, lockTimeout: 0 };
  await (await openLab(labDir, options)).close();
  const settings = JSON.parse(await readFile(join(labDir, 'lab.json'), 'utf8'));
  settings.vsphere.password = nasty;
  await writeFile(join(labDir, 'lab.json'), JSON.stringify(settings));
  const lab = await openLab(labDir, options);
  try {
    await writeFile(
      join(dir, 'm.yaml'),
      `converge: 1
targets:
  home:
    type: vsphere
    url: "${lab.vsphere.url}"
    username: administrator@vsphere.local
    password: "\${secret('env:VC')}"
    ca: "${lab.vsphere.caFile}"
resources:
  protected_vm:
    dc02: { repository: "file://${dir}/repository", schedule: every 15 minutes }
  file:
    ${dir}/token: { content: "\${secret('env:VC')}", mode: 0600 }
`,
    );
    const env = { VC: nasty };
    const outputs = [
      await cli(dir, ['plan', 'm.yaml', '-o', 'plan.json', '--format', 'json'], { env }),
      await cli(dir, ['apply', 'm.yaml', '--debug'], { env }),
      await cli(dir, ['observe', 'm.yaml'], { env }),
      await cli(dir, ['plan', 'm.yaml', '--detailed-exitcodes'], { env }),
      await cli(dir, ['plan', 'm.yaml'], { env: { VC: `${nasty}wrong` } }),
    ];
    expect(outputs.map(({ code }) => code)).toEqual([0, 0, 0, 0, 4]);
    expect(await readFile(join(dir, 'token'), 'utf8')).toBe(nasty);
    const said = outputs.map(({ stdout, stderr }) => stdout + stderr).join('\n');
    const written =
      (await texts(join(dir, '.converge'))) + (await readFile(join(dir, 'plan.json'), 'latin1'));
    expect(written).toContain('env:VC');
    for (const form of forms(nasty)) {
      expect(said).not.toContain(form);
      expect(written).not.toContain(Buffer.from(form).toString('latin1'));
    }
  } finally {
    await lab.close();
  }
});

test('an encrypted repository opens with its key only, and says which key it wants', async () => {
  const dir = await scratch();
  const lab = ['--lab', join(dir, 'lab')];
  for (const name of ['right', 'wrong']) await cli(dir, ['key', 'create', '--to', `${name}.key`]);
  await writeFile(
    join(dir, 'm.yaml'),
    `converge: 1
targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: u, password: "\${secret('env:NEVER')}" }
  dr: { type: aws, region: eu-west-1 }
resources:
  bucket: { dr-bucket: {} }
  protected_vm:
    dc02:
      repository: { url: s3://dr-bucket/vms, key: "\${secret('file:right.key')}" }
      schedule: every 15 minutes
`,
  );
  const applied = await cli(dir, ['apply', 'm.yaml', ...lab]);
  expect(applied.code, applied.stderr).toBe(0);
  expect((await cli(dir, ['plan', 'm.yaml', ...lab, '--detailed-exitcodes'])).code).toBe(0);

  const points = (...key: string[]) =>
    cli(dir, ['points', '--repository', 's3://dr-bucket/vms', ...key, ...lab]);
  expect((await points('--key', 'file:right.key')).stdout).toContain('dc02');
  const [none, other] = [await points(), await points('--key', 'file:wrong.key')];
  for (const { code, stdout, stderr } of [none, other]) {
    expect(code, stderr).toBe(4);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/key/);
  }
  const manifest = await readFile(join(dir, 'm.yaml'), 'utf8');
  await writeFile(join(dir, 'keyless.yaml'), manifest.replace(/, key: .* }/, ' }'));
  for (const command of [['plan'], ['replicate', 'dc02']]) {
    const { code, stderr } = await cli(dir, [...command, 'keyless.yaml', ...lab]);
    expect([code, stderr]).toEqual([4, expect.stringContaining('error[key-needed]')]);
  }
  const restored = await cli(dir, [
    'restore',
    'dc02',
    '--repository',
    's3://dr-bucket/vms',
    '--key',
    'file:right.key',
    '--to',
    'out',
    ...lab,
  ]);
  expect(restored.code, restored.stderr).toBe(0);
  expect((await readFile(join(dir, 'out/disk-0.raw'))).length).toBe(16 * 1024 * 1024);
  // Neither the VM's name nor a byte of its content is in the bucket in clear.
  const stored = await texts(join(dir, 'lab/s3'));
  expect(stored).not.toContain('dc02');
});

test('a server that says the password back shows it to nobody', async () => {
  const dir = await scratch();
  const password = 'said-back-by-the-server';
  const server = await scriptedServer({ Login: () => fault('SystemError', '', `no entry for ${password}`) });
  await writeFile(join(dir, 'ca.pem'), server.certificates.caPem);
  await writeFile(
    join(dir, 'm.yaml'),
    `converge: 1
targets:
  home: { type: vsphere, url: "${server.url}", username: u, password: "\${secret('env:VC')}", ca: ca.pem }
resources:
  protected_vm: { dc02: { repository: "file://${dir}/r", schedule: every 15 minutes } }
`,
  );
  const env = { VC: password };
  const outputs = [
    await cli(dir, ['plan', 'm.yaml', '-o', 'plan.json', '--format', 'json'], { env }),
    await cli(dir, ['apply', 'm.yaml'], { env }),
    await cli(dir, ['replicate', 'dc02', 'm.yaml', '--debug'], { env }),
  ];
  expect(server.count('Login')).toBeGreaterThanOrEqual(outputs.length);
  for (const { code, stdout, stderr } of outputs) {
    expect(code).toBe(4);
    expect(stderr).toContain('no entry for ***');
    expect(stdout + stderr).not.toContain(password);
  }
  expect(await readFile(join(dir, 'plan.json'), 'utf8')).not.toContain(password);
  expect(await texts(join(dir, '.converge'))).not.toContain(password);
});

test('a secret that is too short to be taken out is warned of, once, and never shown', async () => {
  const dir = await scratch();
  await writeFile(
    join(dir, 'm.yaml'),
    `converge: 1
resources:
  file:
    a: { content: "\${secret('env:PIN')}", mode: 0600 }
    b: { content: "\${secret('env:PIN')}", mode: 0600 }
`,
  );
  const { code, stdout, stderr } = await cli(dir, ['apply', 'm.yaml'], { env: { PIN: 'q7z' } });
  expect(code, stderr).toBe(0);
  expect(stderr.match(/warning\[short-secret\]: the secret env:PIN has only 3 characters/g)).toHaveLength(1);
  expect(stdout + stderr).not.toContain('q7z');
});
test.each(['wrong', 'password', 'user', 'name'])(
  'a password that is a word of the message leaves it readable: %s',
  async word => {
    const dir = await scratch();
    const lab = await openLab(join(await scratch(), 'lab'), {
      host: nodeHost(),
      seeded: true,
      lockTimeout: 0,
    });
    try {
      await writeFile(
        join(dir, 'm.yaml'),
        `converge: 1
targets:
  home: { type: vsphere, url: "${lab.vsphere.url}", username: svc, password: "\${secret('env:VC')}", ca: "${lab.vsphere.caFile}" }
resources: { protected_vm: { dc02: { repository: "file://${dir}/repository", schedule: every 15 minutes } } }
`,
      );
      const { code, stderr } = await cli(dir, ['plan', 'm.yaml'], { env: { VC: word } });
      expect(stderr.replace(/\s+/g, ' ')).toContain("refused user 'svc': user name or password is wrong.");
      expect(code).toBe(4);
    } finally {
      await lab.close();
    }
  },
);
