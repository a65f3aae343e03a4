import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

/** One per source: quotes, a replacement pattern, a line break, letters beyond ASCII. */
const planted = {
  env: 'env-pä"ss\'w$&örd\\n\nnext-line<&>',
  file: 'file-pä"ss\'w$&örd\\n\nnext-lime<&>',
  ssm: 'ssm-pä"ss\'w$&örd\\n\nnext-lion<&>',
  manager: 'manager-pä"ss\'w$&örd\\n\nnext-live<&>',
};

/** Every way in which a secret might be written down; of base64 all three alignments. */
function forms(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const aligned = [0, 1, 2].map(before =>
    Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .slice(before === 0 ? 0 : before + 1)
      .replace(/.{0,2}=*$/, ''),
  );
  const json = JSON.stringify(secret).slice(1, -1);
  return [secret, json, JSON.stringify(json).slice(1, -1), encodeURIComponent(secret), ...aligned];
}

function expectNone(text: string, what: string): void {
  const found = Object.values(planted)
    .flatMap(forms)
    .filter(form => text.includes(form));
  expect(found, what).toEqual([]);
}

test('the search finds what it looks for', () => {
  for (const before of ['', 'u:', 'us:', 'usr:']) {
    const encoded = Buffer.from(`${before}${planted.env}!`).toString('base64');
    expect(() => expectNone(encoded, before)).toThrow();
  }
});

/** Says what it was given in every form, on both streams, and fails. */
const teller = `const all = Object.entries(process.env).filter(([name]) => name.startsWith('GIVEN_'));
for (const [, value] of all) {
  const b = text => Buffer.from(text).toString('base64');
  for (const text of [value, JSON.stringify({ value }), encodeURIComponent(value), b(value), b('u' + value), b('us' + value)]) {
    process.stdout.write(text + ' ');
    process.stderr.write(text + ' ');
  }
}
process.exit(all.length === 4 ? 3 : 9);
`;

/** Writes down what every process of this user shows of itself, and its own environment. */
const witness = `const { readdirSync, readFileSync, writeFileSync } = require('node:fs');
const read = path => { try { return readFileSync(path, 'utf8'); } catch { return ''; } };
const lines = readdirSync('/proc').filter(name => /^\\d+$/.test(name)).map(pid => read('/proc/' + pid + '/cmdline'));
writeFileSync(process.argv[2], [...lines, read('/proc/self/environ')].join('\\n'));
`;

test.skipIf(process.platform !== 'linux')(
  'planted secrets of every source stand nowhere but where they belong',
  async () => {
    const dir = await scratch();
    const lab = ['--lab', 'lab'];
    const env = { PLANTED: planted.env, SSM: planted.ssm };
    await writeFile(join(dir, 'planted.txt'), planted.file);
    await writeFile(join(dir, 'manager.json'), JSON.stringify({ password: planted.manager }));
    await writeFile(join(dir, 'tell.cjs'), teller);
    await writeFile(join(dir, 'witness.cjs'), witness);
    const run = (...args: string[]) => cli(dir, args, { env });
    await run('key', 'create', '--to', 'dr.key');
    const said = [
      await run('lab', 'put-secret', 'ssm:/planted', '--from', 'env:SSM', ...lab),
      await run('lab', 'put-secret', 'secretsmanager:planted', '--from', 'file:manager.json', ...lab),
      await run('lab', 'put-secret', 'ssm:/dr/key', '--from', 'file:dr.key', ...lab),
    ];
    expect(said.map(({ code }) => code)).toEqual([0, 0, 0]);
    const references = {
      env: 'env:PLANTED',
      file: 'file:planted.txt',
      ssm: 'ssm:/planted',
      manager: 'secretsmanager:planted#password',
    };
    const of = (name: keyof typeof references) => `"\${secret('${references[name]}')}"`;
    const names = Object.keys(references) as (keyof typeof references)[];
    await writeFile(
      join(dir, 'm.yaml'),
      `converge: 1
targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: u, password: ${of('ssm')} }
  dr: { type: aws, region: eu-west-1, access_key_id: AKIA, secret_access_key: ${of('env')} }
params: { given: ${of('manager')} }
resources:
  file:
${names.map(name => `    /srv/${name}: { content: ${of(name)} }`).join('\n')}
    /srv/param: { content: "\${params.given}" }
  exec:
    tell:
      command: [ "${process.execPath}", "${dir}/tell.cjs" ]
      creates: /srv/never
      env: { ${names.map(name => `GIVEN_${name}: ${of(name)}`).join(', ')} }
    witness:
      command: [ "${process.execPath}", "${dir}/witness.cjs", "${dir}/seen.txt" ]
      creates: /srv/never
  bucket: { dr-bucket: {} }
  protected_vm:
    dc02:
      repository: { url: s3://dr-bucket/vms, key: "\${secret('ssm:/dr/key')}" }
      schedule: every 15 minutes
`,
    );
    const m = ['m.yaml', ...lab];
    said.push(
      await run('validate', 'm.yaml'),
      await run('plan', ...m, '-o', 'before.json', '--format', 'json'),
      await run('plan', ...m, '--format', 'markdown'),
      await run('plan', ...m, '--format', 'github'),
      await run('apply', ...m, '--events-file', 'events.ndjson', '--debug'),
      await run('apply', ...m, '--events', 'ndjson', '--only', 'exec:tell'),
      await run('plan', ...m, '-o', 'after.json'),
      await run('observe', ...m),
      await run('observe', ...m, '-o', 'observed.json'),
      await run('diff', 'before.json', 'after.json'),
      await run('explain', 'exec:tell', 'm.yaml'),
      await run('explain', 'file:/srv/param', 'm.yaml', '--format', 'json'),
    );
    const told = said[7]!;
    expect(told.code, told.stderr).toBe(4);
    expect(told.stdout + told.stderr).toContain('ended with exit code 3');
    for (const name of names)
      expect(await readFile(join(dir, 'lab/host/srv', name), 'utf8')).toBe(planted[name]);
    expect(await readFile(join(dir, 'seen.txt'), 'utf8')).toContain('witness.cjs');

    for (const [index, { stdout, stderr }] of said.entries()) expectNone(stdout + stderr, `output ${index}`);
    // Left out: where the secrets come from, and the files that were declared to hold them.
    const belongs = /^(planted\.txt|manager\.json|dr\.key|lab\/api\/vault\.json|lab\/host\/srv\/\w+)$/;
    const entries = await readdir(dir, { recursive: true, withFileTypes: true });
    const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
    const searched = files.map(file => file.slice(dir.length + 1)).filter(name => !belongs.test(name));
    expect(
      searched.filter(name => /events|observed|before|after|seen|reports\/|state\/memory/.test(name)).length,
    ).toBeGreaterThan(6);
    for (const name of searched) expectNone(await readFile(join(dir, name), 'utf8'), name);
  },
  60_000,
);
